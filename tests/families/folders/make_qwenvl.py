"""Makes a tiny random Qwen-VL-Chat as a folder in the hub's form, and what its published code computes of it.

    python3 make_qwenvl.py OUT CODE [SEED]      # CODE: a folder with the .py files of Qwen/Qwen-VL-Chat

Needs what make_golden.py needs, tiktoken, einops, torchvision and what else the published code imports. Pictures are
named in prompts; so that a path of few letters is enough, OUT/qwenvl is gone to.
"""
import base64
import importlib
import json
import os
import sys

import numpy as np
import torch
from safetensors.torch import save_file

from make_golden import LETTERS, TAIL, TEXT, byte_level, eyes, watch

QUERIES, SIDE, SAID, ONLY = 16, 40, 32, None  # ONLY: the one folder that is wanted
CONFIG = dict(hidden_size=128, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4, kv_channels=32,
              seq_length=2048, max_position_embeddings=8192, layer_norm_epsilon=1e-6, rotary_emb_base=10000,
              rotary_pct=1.0, use_dynamic_ntk=True, use_logn_attn=True, no_bias=True, scale_attn_weights=True,
              attn_dropout_prob=0.0, emb_dropout_prob=0.0, tie_word_embeddings=False)
VISUAL = dict(image_size=SIDE, patch_size=2, width=32, layers=2, heads=2, mlp_ratio=1.55, output_dim=128,
              n_queries=QUERIES)
# Words that no two words make, that are made over a later one, and whose parts are made in an odd order.
ODD = [b"q\xe5zq", b"\xff\xfe\xfd", b"\xff\xfe", b" dogsdogs", b"aaa", b"aa", b"aaaaa"]


def ranks():
    """Single bytes in the order of the published file, then words as they are merged."""
    t = json.loads(byte_level(LETTERS + r"\p{N}" + TAIL, [], merges=30).to_str())
    letters = {w: i for i, w in enumerate(eyes.byte_words())}
    alphabet = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    alphabet += [b for b in range(256) if b not in alphabet]
    words = [bytes([b]) for b in alphabet]
    for merge in t["model"]["merges"]:
        words.append(bytes(letters[c] for part in (merge if isinstance(merge, list) else merge.split(" ")) for c in part))
    return list(dict.fromkeys(words + ODD))


def published(code):
    sys.path.insert(0, os.path.dirname(os.path.abspath(code)))
    modules = [importlib.import_module(f"{os.path.basename(os.path.abspath(code))}.{name}") for name in (
        "configuration_qwen", "modeling_qwen", "tokenization_qwen", "qwen_generation_utils")]
    modules[2].IMG_TOKEN_SPAN = QUERIES
    return modules


def randomise(net, seed):
    rng = np.random.default_rng(seed)
    for name, p in net.named_parameters():
        scale, shift = 1.6 / np.sqrt(max(1, p[0].numel() if p.ndim > 1 else p.numel())), 0.0
        if name.endswith("pos_embed"):
            p.data = p.data.to(torch.bfloat16).to(torch.float32)
            continue
        if ".ln_" in name and name.endswith("weight"):
            scale, shift = 0.1, 1.0
        elif name.endswith("bias"):
            scale = 0.2
        elif "positional" in name or name.endswith("query"):
            scale = 0.5
        elif name.endswith("wte.weight"):
            scale = 1.0
        w = torch.from_numpy((rng.standard_normal(p.shape) * scale + shift).astype(np.float32))
        p.data = w.to(torch.bfloat16).to(torch.float32)


def answer(net, ids):
    said, gaps = [], []
    with torch.no_grad():
        first = net(input_ids=ids, use_cache=False).logits[0, -1:]
        logits = first
        for _ in range(SAID):
            best = logits[0].topk(2)
            gaps.append(float(best.values[0] - best.values[1]))
            said.append(int(best.indices[0]))
            ids = torch.cat([ids, best.indices[None, :1]], 1)
            logits = net(input_ids=ids, use_cache=False).logits[0, -1:]
    return first, said, min(gaps, default=0)


def write(folder, net, words, ids, sees):
    """sees: 0 logits alone, 1 what came of the last picture, too, 2 and the tower's rows."""
    seen, rows = {}, {}
    if ONLY not in (None, folder):
        return
    os.makedirs(folder, exist_ok=True)
    ids = torch.tensor([ids])
    if sees:
        visual = net.transformer.visual
        hook = visual.conv1.register_forward_pre_hook(
            lambda _module, x: rows.setdefault("pixels", x[0]) is None or None)
        watch(visual.transformer, rows, "tower")
        watch(visual, rows, "rows")
    logits, said, gap = answer(net, ids)
    if sees:
        hook.remove()
        seen = {"pixels": rows["pixels"][-1].reshape(-1, SIDE), "resampler.proj": rows["rows"][-1].detach()}
        if sees > 1:
            seen["v.blk.1.ffn_down"] = rows["tower"][:, -1].detach()
        visual._forward_hooks.clear()
        visual.transformer._forward_hooks.clear()
    for name, x in {**seen, "logits": logits}.items():
        np.save(f"{folder}/{name}.npy", x.reshape(-1, x.shape[-1]).numpy().astype("<f4"))
    np.save(f"{folder}/prompt.npy", ids[0].numpy().astype("<i4"))
    np.save(f"{folder}/answer.npy", np.array(said, "<i4"))
    ends = [words.eod_id, words.im_start_id, words.im_end_id]
    print(folder, said, "smallest margin", gap, "different", len(set(said)),
          "says an end word" if np.isin(said, ends).any() else "")


def save(folder, net, words, config):
    os.makedirs(f"{folder}/base", exist_ok=True)
    os.makedirs(f"{folder}/blind", exist_ok=True)
    with open(f"{folder}/qwen.tiktoken", "w") as f:
        f.writelines(f"{base64.b64encode(w).decode()} {i}\n" for i, w in enumerate(words))
    texts = {"config.json": config,
             "blind/config.json": {k: v for k, v in config.items() if k != "visual"},
             "generation_config.json": dict(chat_format="chatml", eos_token_id=len(words), pad_token_id=len(words),
                                            max_window_size=6144, max_new_tokens=512, do_sample=True, top_k=0, top_p=0.3),
             "base/generation_config.json": dict(chat_format="raw", eos_token_id=len(words), pad_token_id=len(words),
                                                 max_new_tokens=512, do_sample=True, top_k=0, top_p=0.3),
             "tokenizer_config.json": dict(model_max_length=8192, tokenizer_class="QWenTokenizer")}
    for name, text in texts.items():
        with open(f"{folder}/{name}", "w") as f:
            f.write(json.dumps(text, indent=2, sort_keys=True) + "\n")
    if net:
        save_file({k: v.detach().to(torch.bfloat16).contiguous() for k, v in net.state_dict().items()},
                  f"{folder}/model.safetensors", metadata={"format": "pt"})
        os.chmod(f"{folder}/model.safetensors", 0o644)


def main():
    out, code, seed = sys.argv[1], os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 61
    configuration, modeling, tokenization, prompts = published(code)
    folder, words = os.path.abspath(out) + "/qwenvl", ranks()
    start = len(words) + 3 + 205 + 6
    config = dict(CONFIG, model_type="qwen", architectures=["QWenLMHeadModel"], vocab_size=start + 3 + 4,
                  visual=dict(VISUAL, image_start_id=start))
    save(folder, None, words, config)
    c = configuration.QWenConfig(**{k: v for k, v in config.items() if k not in ("model_type", "architectures")}, fp32=True)
    net = modeling.QWenLMHeadModel(c).float().eval()
    randomise(net, seed)
    save(folder, net, words, config)
    os.chdir(folder)
    for i, size in enumerate([(90, 60), (20, 71)]):
        eyes.picture(*size).save(("wide.png", "high.png")[i])
    t = tokenization.QWenTokenizer("qwen.tiktoken")
    wide, high, question = {"image": "wide.png"}, {"image": "high.png"}, {"text": "What is it?"}
    system = "You are a helpful assistant."

    def chat(elements, history=None):
        return prompts.make_context(t, t.from_list_format(elements), history=history, system=system)[1]

    write("none", net, t, chat([question]), 0)
    write("one", net, t, chat([wide, question]), 2)
    write("three", net, t, chat([wide, high, wide, question]), 1)
    first = t.from_list_format([wide, question])
    write("turns", net, t, chat([high, question], [(first, "It is a dog.")]), 1)
    write("base/one", net, t, t.encode(t.from_list_format([wide, question])), 0)
    write("base/mixed", net, t, t.encode(t.from_list_format(
        [wide, {"text": "The dog and the fox. "}, high, question])), 0)
    write("blind/golden", net, t, t.encode(TEXT), 0)
    found = {}
    for width, height in eyes.SIZES:
        x = net.transformer.visual.image_transform(eyes.pattern(width, height))
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in x.reshape(-1)[::61]]]
    with open("pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

"""Makes tiny random text decoders of several architectures and their goldens: a GGUF in f32, and
what transformers computes from the same weights.

    python3 make_golden.py OUT [NAME ...]      # needs torch, transformers, gguf, numpy

A vocabulary of single bytes, so that the text is its own tokens; each architecture is a folder of
OUT with tiny.gguf, the rows behind each layer, the logits of the last word and 32 greedy words.
"""
import os
import sys

import gguf
import numpy as np
import torch
import transformers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from convert import byte_words, convert  # noqa: E402

LAYERS, DIM, HEADS, KV, FFN, CONTEXT, WORDS = 2, 64, 4, 2, 96, 128, 258
TEXT = "The quick brown fox"
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm", "self_attn.q_norm": "attn_q_norm",
         "self_attn.k_norm": "attn_k_norm"}
COMMON = dict(vocab_size=WORDS, hidden_size=DIM, intermediate_size=FFN, num_hidden_layers=LAYERS,
              num_attention_heads=HEADS, num_key_value_heads=KV, max_position_embeddings=CONTEXT,
              tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=None)
KINDS = {  # architecture of the file: class, numbers of its own, whether q and k are stored permuted
    "qwen2": ("Qwen2", dict(rms_norm_eps=1e-6, rope_theta=1e6), False),
    "qwen3": ("Qwen3", dict(rms_norm_eps=1e-6, rope_theta=1e6, head_dim=32), False),
    "mistral": ("Mistral", dict(rms_norm_eps=1e-5, rope_theta=1e4, sliding_window=None), True),
    "pruned": ("Llama", dict(rms_norm_eps=1e-5, rope_theta=1e4, head_dim=16, num_hidden_layers=3), True),
    "heads18": ("Llama", dict(rms_norm_eps=1e-5, rope_theta=1e4, head_dim=18, num_hidden_layers=1), True),
    "heads100": ("Llama", dict(rms_norm_eps=1e-5, rope_theta=1e4, head_dim=100, num_hidden_layers=1), True),
}
LLAMAS = "mistral", "pruned", "heads18", "heads100"
LATER = LLAMAS[1:]  # made after the others, whose seeds go by their order
PRUNED = [(4, 2, 64), (2, 1, 32), (8, 2, 48)]  # query heads, key heads and width of each layer's middle
# Written by llama.cpp's converter: class, numbers of its own, the part of a layer that is compared,
# and what it is called in the file.
CONVERTED = {
    "gemma": ("Gemma", dict(head_dim=32, num_key_value_heads=1, tie_word_embeddings=True), "", "ffn_down"),
    "gemma3": ("Gemma3", dict(head_dim=16, query_pre_attn_scalar=16, sliding_window=8, num_hidden_layers=6,
                              tie_word_embeddings=True,
                              rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                                               "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}),
               "post_feedforward_layernorm", "post_ffw_norm"),
    "phi2": ("Phi", dict(intermediate_size=4 * DIM, num_key_value_heads=HEADS,
                         rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}),
             "", "ffn_down"),
}
CONVERTED["gemma2"] = ("Gemma2", dict(tie_word_embeddings=True, head_dim=16, query_pre_attn_scalar=16, sliding_window=8, intermediate_size=64,
                                      num_hidden_layers=2, attn_logit_softcapping=2.0, final_logit_softcapping=1.5),
                       "post_feedforward_layernorm", "post_ffw_norm")
SMALL = dict(num_hidden_layers=1, intermediate_size=64)
CONVERTED["llama3"] = ("Llama", dict(SMALL, rope_parameters={
    "rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16}), "", "ffn_down")
CONVERTED["yarn"] = ("Qwen2", dict(SMALL, rope_parameters={
    "rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 32}), "", "ffn_down")
for name, original in (("phi3", 64), ("phi3_long", 16)):
    CONVERTED[name] = ("Phi3", dict(SMALL, original_max_position_embeddings=original, rope_parameters={
        "rope_type": "longrope", "rope_theta": 1e4, "original_max_position_embeddings": original,
        "short_factor": [1 + i / 16 for i in range(8)], "long_factor": [1.5 + i / 2 for i in range(8)]}),
        "", "ffn_down")
CONVERTED["mistral3"] = ("Ministral3", dict(SMALL, head_dim=16, rope_parameters={
    "rope_type": "yarn", "rope_theta": 1e4, "factor": 2.0, "original_max_position_embeddings": 64, "mscale": 1.0,
    "mscale_all_dim": 1.0, "beta_fast": 32.0, "beta_slow": 1.0, "llama_4_scaling_beta": 0.1}), "", "ffn_down")
CONVERTED["biased"] = ("Llama", dict(SMALL, attention_bias=True, mlp_bias=True, rope_parameters={
    "rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}), "", "ffn_down")
END = ["<|begin|>", "<|end|>"]
SEEDS = {"pruned": 60, "gemma": 41, "yarn": 51, "mistral3": 39, "biased": 61, "heads18": 64, "heads100": 64}  # whose answer lacks byte 107, which the converter makes an end of CodeGemma's


def interleaved(w, heads):
    """Rows of halves to rows of pairs, as files of llama's architecture keep q and k."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(w.shape)


def randomise(net, seed, half):
    rng = np.random.default_rng(seed)
    for name, p in net.named_parameters():
        scale, shift = 1.6 / np.sqrt(p.shape[-1]), 0.0
        if name.endswith("norm.weight") or "layernorm.weight" in name:
            scale, shift = 0.1, 0.0 if "Gemma" in type(net).__name__ else 1.0
        elif name.endswith("bias"):
            scale = 0.1 if half else 0.5
        elif "Gemma" in type(net).__name__ and "embed_tokens" in name:
            scale = 0.05  # what is said last must not drown what the layers add: the head is the same matrix
        elif "embed_tokens" in name:
            scale = 2.0
        w = (rng.standard_normal(p.shape) * scale + shift).astype(np.float16 if half else np.float32)
        p.data = torch.from_numpy(w.astype(np.float32))


def tensors(net, permuted):
    yield "token_embd.weight", net.model.embed_tokens.weight
    yield "output_norm.weight", net.model.norm.weight
    yield "output.weight", net.lm_head.weight
    for i, layer in enumerate(net.model.layers):
        for name, p in layer.named_parameters():
            stem, kind = name.rsplit(".", 1)
            w = p.detach().numpy()
            if permuted and NAMES[stem] in ("attn_q", "attn_k"):
                w = interleaved(w, w.shape[0] // layer.self_attn.head_dim)
            yield f"blk.{i}.{NAMES[stem]}.{kind}", w


def write(path, arch, net, permuted):
    writer = gguf.GGUFWriter(path, arch)
    config = net.config
    heads, kv_heads, widths = zip(*PRUNED) if config.num_hidden_layers == len(PRUNED) else (HEADS, KV, FFN)
    for call, value in (("block_count", config.num_hidden_layers), ("context_length", CONTEXT),
                        ("embedding_length", DIM), ("feed_forward_length", widths), ("head_count", heads),
                        ("head_count_kv", kv_heads),
                        ("layer_norm_rms_eps", config.rms_norm_eps),
                        ("rope_freq_base", config.rope_parameters["rope_theta"])):
        getattr(writer, "add_" + call)(value)
    if getattr(config, "head_dim", None):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(byte_words() + ["<|end|>", "ZZ"])
    writer.add_token_types([1] * 256 + [3, 1])
    writer.add_token_merges(["Z Z"])
    writer.add_eos_token_id(256)
    writer.add_add_bos_token(False)
    for name, w in tensors(net, permuted):
        writer.add_tensor(name, np.ascontiguousarray(w.detach().numpy() if torch.is_tensor(w) else w))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def keep(layers, i):
    def hook(_module, _inputs, y):
        layers.setdefault(i, y[0] if isinstance(y, tuple) else y)
    return hook


def prune(net):
    """Layers of other sizes than the first."""
    kind = type(net.model.layers[0])
    for i, (heads, kv_heads, width) in enumerate(PRUNED):
        config = type(net.config)(**{**net.config.to_dict(), "num_attention_heads": heads,
                                     "num_key_value_heads": kv_heads, "intermediate_size": width})
        config._attn_implementation = "eager"
        net.model.layers[i] = kind(config, i)


def make(out, name, seed):
    cls, own = (KINDS.get(name) or CONVERTED[name])[:2]
    part, output = CONVERTED[name][2:] if name in CONVERTED else ("", "ffn_down")
    known = {**COMMON, "vocab_size": WORDS + (name in CONVERTED), **own}
    config = getattr(transformers, cls + ("TextConfig" if name == "gemma3" else "Config"))(**known)
    net = getattr(transformers, cls + "ForCausalLM")(config)
    if name == "pruned":
        prune(net)
    net = net.float().eval()
    net.set_attn_implementation("eager")  # the only one that caps scores
    randomise(net, seed, name in CONVERTED)  # those are stored as f16
    os.makedirs(out, exist_ok=True)
    if name in CONVERTED:
        convert(net, out + "/tiny.gguf", END)
    else:
        write(out + "/tiny.gguf", "llama" if name in LLAMAS else name, net, KINDS[name][2])
    layers, ids = {}, torch.tensor([list(TEXT.encode())])
    for i, layer in enumerate(net.model.layers):
        (layer.get_submodule(part) if part else layer).register_forward_hook(keep(layers, i))
    with torch.no_grad():
        logits = net(ids).logits[0, -1:]
        said = net.generate(ids, max_new_tokens=32, do_sample=False, output_logits=True,
                            return_dict_in_generate=True)
    for i in sorted(layers):
        np.save(f"{out}/blk.{i}.{output}.npy", layers[i].reshape(-1, DIM).numpy().astype("<f4"))
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    np.save(out + "/answer.npy", said.sequences[0, ids.shape[1]:].numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(name, said.sequences[0, ids.shape[1]:].tolist(), "smallest margin", min(gaps))


def main():
    for i, name in enumerate(sorted([*KINDS, *CONVERTED], key=LATER.__contains__)):
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make(f"{sys.argv[1]}/{name}", name, SEEDS.get(name, 30 + i))


if __name__ == "__main__":
    main()

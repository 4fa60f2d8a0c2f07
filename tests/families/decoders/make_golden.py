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
}


def byte_words():
    """GPT-2's letters for the 256 bytes, and an end word."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    words, extra = [], 0
    for b in range(256):
        words.append(chr(b) if b in plain else chr(256 + extra))
        extra += b not in plain
    return words + ["<|end|>", "ZZ"]


def interleaved(w, heads):
    """Rows of halves to rows of pairs, as files of llama's architecture keep q and k."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(w.shape)


def randomise(net, seed):
    rng = np.random.default_rng(seed)
    for name, p in net.named_parameters():
        scale, shift = 1.6 / np.sqrt(p.shape[-1]), 0.0
        if name.endswith("norm.weight") or "layernorm" in name:
            scale, shift = 0.1, 1.0
        elif name.endswith("bias"):
            scale = 0.5
        elif "embed_tokens" in name:
            scale = 2.0
        p.data = torch.from_numpy((rng.standard_normal(p.shape) * scale + shift).astype(np.float32))


def tensors(net, permuted):
    yield "token_embd.weight", net.model.embed_tokens.weight
    yield "output_norm.weight", net.model.norm.weight
    yield "output.weight", net.lm_head.weight
    for i, layer in enumerate(net.model.layers):
        for name, p in layer.named_parameters():
            stem, kind = name.rsplit(".", 1)
            w = p.detach().numpy()
            if permuted and NAMES[stem] in ("attn_q", "attn_k"):
                w = interleaved(w, HEADS if NAMES[stem] == "attn_q" else KV)
            yield f"blk.{i}.{NAMES[stem]}.{kind}", w


def write(path, arch, net, permuted):
    writer = gguf.GGUFWriter(path, arch)
    config = net.config
    for call, value in (("block_count", LAYERS), ("context_length", CONTEXT), ("embedding_length", DIM),
                        ("feed_forward_length", FFN), ("head_count", HEADS), ("head_count_kv", KV),
                        ("layer_norm_rms_eps", config.rms_norm_eps),
                        ("rope_freq_base", config.rope_parameters["rope_theta"])):
        getattr(writer, "add_" + call)(value)
    if getattr(config, "head_dim", None):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(byte_words())
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


def make(out, name, seed):
    cls, own, permuted = KINDS[name]
    config = getattr(transformers, cls + "Config")(**COMMON, **own)
    net = getattr(transformers, cls + "ForCausalLM")(config).float().eval()
    randomise(net, seed)
    os.makedirs(out, exist_ok=True)
    write(out + "/tiny.gguf", "llama" if name == "mistral" else name, net, permuted)
    layers, ids = {}, torch.tensor([list(TEXT.encode())])
    for i, layer in enumerate(net.model.layers):
        layer.register_forward_hook(keep(layers, i))
    with torch.no_grad():
        logits = net(ids).logits[0, -1:]
        said = net.generate(ids, max_new_tokens=32, do_sample=False, output_logits=True,
                            return_dict_in_generate=True)
    for i in range(LAYERS):
        np.save(f"{out}/blk.{i}.ffn_down.npy", layers[i].reshape(-1, DIM).numpy().astype("<f4"))
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    np.save(out + "/answer.npy", said.sequences[0, ids.shape[1]:].numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(name, said.sequences[0, ids.shape[1]:].tolist(), "smallest margin", min(gaps))


def main():
    for i, name in enumerate(KINDS):
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make(f"{sys.argv[1]}/{name}", name, 30 + i)


if __name__ == "__main__":
    main()

"""Makes the tiny random llama and its goldens: a GGUF of mixed formats, and what transformers
computes from the dequantised weights.

    python3 make_golden.py OUT      # needs torch, transformers, gguf, numpy

Three layers, grouped queries, a vocabulary of single bytes; each layer has its own formats, so that
fused matrices of one and of several formats are both there.
"""
import sys

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

LAYERS, DIM, HEADS, KV, FFN, CONTEXT, EPS, BASE = 3, 64, 4, 2, 160, 128, 1e-5, 10000.0
TEXT = "The quick brown fox"
Q = gguf.GGMLQuantizationType
FORMATS = [dict(attn_q=Q.Q8_0, attn_k=Q.Q8_0, attn_v=Q.Q8_0, attn_output=Q.Q4_0, ffn_gate=Q.Q5_0,
                ffn_up=Q.Q5_0, ffn_down=Q.Q4_1),
           dict(attn_q=Q.F16, attn_k=Q.F16, attn_v=Q.Q5_1, attn_output=Q.F32, ffn_gate=Q.BF16,
                ffn_up=Q.BF16, ffn_down=Q.F16),
           dict(attn_q=Q.F32, attn_k=Q.F32, attn_v=Q.F32, attn_output=Q.Q8_0, ffn_gate=Q.Q4_1,
                ffn_up=Q.Q4_1, ffn_down=Q.Q5_1)]
SHAPES = dict(attn_q=(DIM, DIM), attn_k=(KV * DIM // HEADS, DIM), attn_v=(KV * DIM // HEADS, DIM),
              attn_output=(DIM, DIM), ffn_gate=(FFN, DIM), ffn_up=(FFN, DIM), ffn_down=(DIM, FFN))
HF = dict(attn_q="self_attn.q_proj", attn_k="self_attn.k_proj", attn_v="self_attn.v_proj",
          attn_output="self_attn.o_proj", ffn_gate="mlp.gate_proj", ffn_up="mlp.up_proj",
          ffn_down="mlp.down_proj", attn_norm="input_layernorm", ffn_norm="post_attention_layernorm")


def byte_words():
    """GPT-2's letters for the 256 bytes, and an end word."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    words, extra = [], 0
    for b in range(256):
        words.append(chr(b) if b in plain else chr(256 + extra))
        extra += b not in plain
    return words + ["<|end|>", "ZZ"]


def rotate_half_rows(w, heads):
    """GGUF keeps q and k for the interleaved rotation; transformers wants the halves."""
    return w.reshape(heads, w.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)


def make_weights(rng, writer):
    """Writes every tensor; returns its dequantised values by name."""
    values = {}

    def add(name, shape, kind, scale, shift=0.0, equal_rows=False):
        w = (rng.standard_normal(shape) * scale + shift).astype(np.float32)
        if equal_rows:  # no word is favoured by its length
            w *= scale * np.sqrt(shape[1]) / np.linalg.norm(w, axis=1, keepdims=True)
        if kind == Q.F32:
            values[name] = w
            writer.add_tensor(name, w)
            return
        packed = gguf.quantize(w, kind)
        values[name] = gguf.dequantize(packed, kind).reshape(shape)
        writer.add_tensor(name, packed, raw_dtype=kind)

    add("token_embd.weight", (258, DIM), Q.F16, 4.0)
    for i, formats in enumerate(FORMATS):
        for name, kind in formats.items():
            add(f"blk.{i}.{name}.weight", SHAPES[name], kind, 1.6 / np.sqrt(SHAPES[name][1]))
        for name in ("attn_norm", "ffn_norm"):
            add(f"blk.{i}.{name}.weight", (DIM,), Q.F32, 0.1, 1.0)
    add("output_norm.weight", (DIM,), Q.F32, 0.1, 1.0)
    add("output.weight", (258, DIM), Q.Q8_0, 1.0, equal_rows=True)
    return values


def reference(values):
    config = LlamaConfig(vocab_size=258, hidden_size=DIM, intermediate_size=FFN, num_hidden_layers=LAYERS,
                         num_attention_heads=HEADS, num_key_value_heads=KV, rms_norm_eps=EPS,
                         rope_theta=BASE, max_position_embeddings=CONTEXT, tie_word_embeddings=False)
    net = LlamaForCausalLM(config).eval()
    state = {"model.embed_tokens.weight": values["token_embd.weight"],
             "lm_head.weight": values["output.weight"],
             "model.norm.weight": values["output_norm.weight"]}
    for i in range(LAYERS):
        for ours, theirs in HF.items():
            w = values[f"blk.{i}.{ours}.weight"]
            if ours in ("attn_q", "attn_k"):
                w = rotate_half_rows(w, HEADS if ours == "attn_q" else KV)
            state[f"model.layers.{i}.{theirs}.weight"] = w
    net.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in state.items()})
    return net


def keep_first(layers, i):
    def hook(_module, _inputs, y):
        layers.setdefault(i, y[0] if isinstance(y, tuple) else y)
    return hook


def main():
    out = sys.argv[1]
    writer = gguf.GGUFWriter(out + "/tiny.gguf", "llama")
    for call, value in (("block_count", LAYERS), ("context_length", CONTEXT), ("embedding_length", DIM),
                        ("feed_forward_length", FFN), ("head_count", HEADS), ("head_count_kv", KV),
                        ("layer_norm_rms_eps", EPS), ("rope_freq_base", BASE),
                        ("rope_dimension_count", DIM // HEADS)):
        getattr(writer, "add_" + call)(value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    words = byte_words()
    writer.add_token_list(words)
    writer.add_token_types([1] * 256 + [3, 1])
    writer.add_token_merges(["Z Z"])
    writer.add_eos_token_id(256)
    writer.add_add_bos_token(False)
    net = reference(make_weights(np.random.default_rng(11), writer))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    layers = {}
    for i, layer in enumerate(net.model.layers):
        layer.register_forward_hook(keep_first(layers, i))
    ids = list(TEXT.encode())
    with torch.no_grad():
        logits = net(torch.tensor([ids])).logits[0, -1:]
        said = net.generate(torch.tensor([ids]), max_new_tokens=16, do_sample=False, eos_token_id=None)
    for i in range(LAYERS):
        np.save(f"{out}/blk.{i}.ffn_down.npy", layers[i].reshape(len(ids), DIM).numpy().astype("<f4"))
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    np.save(out + "/answer.npy", said[0, len(ids):].numpy().astype("<i4"))
    print(said[0, len(ids):].tolist(), logits.topk(2).values.tolist())


if __name__ == "__main__":
    main()

"""First-token logits and greedy text of SmolLM2-135M-Instruct by transformers in f32.

    python3 make_golden.py SmolLM2-135M-Instruct.Q4_1.gguf OUT      # torch, transformers, gguf, numpy

The weights are dequantised from the GGUF file, so both sides compute the same model. The prompt is
what the file's chat template makes of the question; its ids are those of the published tokenizer.
"""
import sys

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

PROMPT = [1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407,
          19712, 8182, 2, 198, 1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 2, 198, 1, 520, 9531, 198]
NAMES = dict(attn_norm="input_layernorm", ffn_norm="post_attention_layernorm", attn_v="self_attn.v_proj",
             attn_output="self_attn.o_proj", ffn_gate="mlp.gate_proj", ffn_up="mlp.up_proj",
             ffn_down="mlp.down_proj", attn_q="self_attn.q_proj", attn_k="self_attn.k_proj")


def number(reader, key):
    field = reader.fields["llama." + key]
    return field.parts[field.data[0]][0].item()


def halves(w, heads):
    """GGUF keeps q and k for the interleaved rotation; transformers wants the halves."""
    return w.reshape(heads, w.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)


def load(path):
    r = gguf.GGUFReader(path)
    t = {x.name: torch.from_numpy(gguf.dequantize(x.data, x.tensor_type).astype(np.float32).copy())
         for x in r.tensors}
    heads, kv = number(r, "attention.head_count"), number(r, "attention.head_count_kv")
    config = LlamaConfig(vocab_size=t["token_embd.weight"].shape[0],
                         hidden_size=number(r, "embedding_length"),
                         intermediate_size=number(r, "feed_forward_length"),
                         num_hidden_layers=number(r, "block_count"), num_attention_heads=heads,
                         num_key_value_heads=kv, rope_theta=number(r, "rope.freq_base"),
                         rms_norm_eps=number(r, "attention.layer_norm_rms_epsilon"),
                         max_position_embeddings=2048, tie_word_embeddings=True)
    net = LlamaForCausalLM(config).eval()
    state = {"model.embed_tokens.weight": t["token_embd.weight"],
             "lm_head.weight": t["token_embd.weight"], "model.norm.weight": t["output_norm.weight"]}
    for i in range(number(r, "block_count")):
        for ours, theirs in NAMES.items():
            w = t[f"blk.{i}.{ours}.weight"]
            if ours in ("attn_q", "attn_k"):
                w = halves(w, heads if ours == "attn_q" else kv)
            state[f"model.layers.{i}.{theirs}.weight"] = w
    net.load_state_dict(state)
    return net


def main():
    path, out = sys.argv[1:3]
    net, ids = load(path), torch.tensor([PROMPT])
    with torch.no_grad():
        logits = net(ids).logits[0, -1:]
        said = net.generate(ids, max_new_tokens=16, do_sample=False)
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    print(said[0, len(PROMPT):].tolist())


if __name__ == "__main__":
    main()

"""Makes a tiny random Qwen3 whose matrices are of twelve types, and what transformers computes in f32
from the weights that these types hold.

    python3 make_types.py OUT      # needs torch, transformers, gguf, numpy, llama-quantize

llama-quantize makes OUT/types/tiny.gguf, gguf-py reads its numbers back.
"""
import os
import subprocess
import sys

import gguf
import numpy as np
import torch
import transformers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "decoders"))
import make_golden as decoders  # noqa: E402

TEXT, ANSWER, DIM = "The quick brown fox", 32, 256
TYPES = {"token_embd": "q6_K",
         "blk.0.attn_q": "q2_K", "blk.0.attn_k": "q3_K", "blk.0.attn_v": "q5_K", "blk.0.attn_output": "q5_0",
         "blk.0.ffn_gate": "iq4_nl", "blk.0.ffn_up": "iq4_xs", "blk.0.ffn_down": "mxfp4",
         "blk.1.attn_q": "q5_1", "blk.1.attn_k": "q4_1", "blk.1.attn_v": "bf16", "blk.1.attn_output": "bf16",
         "blk.1.ffn_gate": "q2_K", "blk.1.ffn_up": "q2_K", "blk.1.ffn_down": "q3_K"}


def model():
    for name, value in dict(DIM=DIM, FFN=DIM, HEADS=2, KV=1, LAYERS=2).items():
        setattr(decoders, name, value)
    net = transformers.Qwen3ForCausalLM(transformers.Qwen3Config(
        vocab_size=decoders.WORDS, hidden_size=DIM, intermediate_size=DIM, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=32, max_position_embeddings=decoders.CONTEXT, rms_norm_eps=1e-6, rope_theta=1e6,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=None, pad_token_id=None)).float().eval()
    decoders.randomise(net, 71, False)
    net.model.embed_tokens.weight.data *= .02  # the head is the same matrix: what is said last must not drown the layers
    return net


def quantise(source, target):
    kinds = [w for name, kind in TYPES.items() if name != "token_embd" for w in ("--tensor-type", f"{name}={kind}")]
    subprocess.run(["llama-quantize", "--token-embedding-type", TYPES["token_embd"], *kinds, source, target, "Q8_0"],
                   check=True, stdout=subprocess.DEVNULL)


def take_weights(net, path):
    found = {t.name: t for t in gguf.GGUFReader(path).tensors}
    for name, kind in TYPES.items():
        assert found[name + ".weight"].tensor_type.name.lower() == kind.lower(), (name, found[name + ".weight"].tensor_type)
    for name, p in decoders.tensors(net, False):
        if name == "output.weight":
            continue
        t = found[name]
        w = gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32).reshape(p.shape)
        target = p if torch.is_tensor(p) else torch.from_numpy(p)  # a view of the parameter either way
        target.data.copy_(torch.from_numpy(w))


def main():
    out = sys.argv[1] + "/types"
    os.makedirs(out, exist_ok=True)
    net = model()
    tied = net.lm_head.weight
    decoders_tensors = decoders.tensors
    decoders.tensors = lambda n, p: ((k, w) for k, w in decoders_tensors(n, p) if k != "output.weight")
    decoders.write(out + "/f32.gguf", "qwen3", net, False)
    quantise(out + "/f32.gguf", out + "/tiny.gguf")
    os.remove(out + "/f32.gguf")
    take_weights(net, out + "/tiny.gguf")
    assert tied is net.lm_head.weight and tied.data_ptr() == net.model.embed_tokens.weight.data_ptr()
    ids = torch.tensor([list(TEXT.encode())])
    with torch.no_grad():
        logits = net(ids).logits[0, -1:]
        said = net.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=ANSWER, do_sample=False,
                            output_logits=True, return_dict_in_generate=True)
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    np.save(out + "/answer.npy", said.sequences[0, ids.shape[1]:].numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(said.sequences[0, ids.shape[1]:].tolist(), "smallest margin", min(gaps))


if __name__ == "__main__":
    main()

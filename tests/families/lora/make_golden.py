"""Makes two random low-rank adapters for the tiny decoders, and what transformers computes when
their changes are added to the weights.

    python3 make_golden.py OUT      # needs what ../decoders/make_golden.py needs

OUT/NAME gets all.gguf (every matrix, f32, with alpha), some.gguf (three matrices, f16, without
alpha) and the goldens of both at once, scaled by 0.5 and -1.25. OUT/words gets words.gguf, which
changes Qwen2's table of words and its head alone, and the goldens of it twice, scaled by 0.5 and 0.25.
"""
import os
import sys

import gguf
import numpy as np
import torch
import transformers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "decoders"))
import make_golden as base  # noqa: E402

SCALES = {"all": 0.5, "some": -1.25}


def matrices(net):
    """Name in the file, parameter."""
    yield "output.weight", net.lm_head.weight
    for i, layer in enumerate(net.model.layers):
        for name, p in layer.named_parameters():
            stem, kind = name.rsplit(".", 1)
            if kind == "weight" and p.dim() == 2:
                yield f"blk.{i}.{base.NAMES[stem]}.weight", p


def wanted(kind, name):
    return kind == "all" or name in ("blk.0.attn_k.weight", "blk.1.ffn_up.weight", "blk.1.attn_output.weight")


def as_stored(name, b, permuted):
    if permuted and ("attn_q" in name or "attn_k" in name):
        return base.interleaved(b, base.HEADS if "attn_q" in name else base.KV)
    return b


def add(out, kind, arch, net, permuted, rng):
    """Writes one adapter and adds its change to the parameters."""
    rank, alpha, dtype = (4, 6.0, np.float32) if kind == "all" else (3, 0.0, np.float16)
    writer = gguf.GGUFWriter(f"{out}/{kind}.gguf", arch)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    if alpha:
        writer.add_float32("adapter.lora.alpha", alpha)
    for name, p in matrices(net):
        if not wanted(kind, name):
            continue
        a = (rng.standard_normal((rank, p.shape[1])) / np.sqrt(p.shape[1])).astype(dtype)
        b = rng.standard_normal((p.shape[0], rank)).astype(dtype)
        writer.add_tensor(name + ".lora_a", a)
        writer.add_tensor(name + ".lora_b", np.ascontiguousarray(as_stored(name, b, permuted)))
        scale = SCALES[kind] * (alpha / rank if alpha else 1)
        p.data = (p.data.double() + scale * torch.from_numpy(b.astype("f8") @ a.astype("f8"))).float()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_words(out, net, rng):
    """The pair of the table is stored the other way round, as llama.cpp wants it."""
    rank, alpha = 5, 8.0
    writer = gguf.GGUFWriter(out + "/words.gguf", "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, p in (("token_embd.weight", net.model.embed_tokens.weight), ("output.weight", net.lm_head.weight)):
        a = (rng.standard_normal((rank, p.shape[1])) / np.sqrt(p.shape[1])).astype(np.float32)
        b = rng.standard_normal((p.shape[0], rank)).astype(np.float32)
        table = name.startswith("token_embd")
        writer.add_tensor(name + ".lora_a", np.ascontiguousarray(b if table else a))
        writer.add_tensor(name + ".lora_b", np.ascontiguousarray(a.T if table else b))
        p.data = (p.data.double() + (.5 + .25) * alpha / rank * torch.from_numpy(b.astype("f8") @ a.astype("f8"))).float()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(out, name, seed, words=False):
    cls, own, permuted = base.KINDS[name]
    config = getattr(transformers, cls + "Config")(**base.COMMON, **own)
    net = getattr(transformers, cls + "ForCausalLM")(config).float().eval()
    base.randomise(net, seed, False)
    os.makedirs(out, exist_ok=True)
    rng = np.random.default_rng(seed + 100)
    for kind in () if words else SCALES:
        add(out, kind, "llama" if permuted else name, net, permuted, rng)
    if words:
        add_words(out, net, rng)
    ids = torch.tensor([list(base.TEXT.encode())])
    with torch.no_grad():
        logits = net(ids).logits[0, -1:]
        said = net.generate(ids, max_new_tokens=32, do_sample=False, output_logits=True,
                            return_dict_in_generate=True)
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    np.save(out + "/answer.npy", said.sequences[0, ids.shape[1]:].numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(name, said.sequences[0, ids.shape[1]:].tolist(), "smallest margin", min(gaps))


def main():
    for i, name in enumerate(base.KINDS):
        if name in ("qwen2", "mistral"):
            make(f"{sys.argv[1]}/{name}", name, 30 + i)
    make(f"{sys.argv[1]}/words", "qwen2", 30, True)


if __name__ == "__main__":
    main()

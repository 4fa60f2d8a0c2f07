"""Reads and writes the GGUF file of picturebook (version 3, little-endian, alignment 32).

Matrices become q8_0 (blocks of 32: an f16 scale, 32 signed bytes), everything else stays f32.
"""
import struct

import numpy as np

import bpe

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_Q8_0 = 0, 8
ALIGN = 32

TEMPLATE = ("<|start|>{% for m in messages %}{% if m.role == 'user' %}<|user|>{{ m.content }}"
            "{% else %}<|assistant|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}<|assistant|>{% endif %}")


def names(net):
    """GGUF name -> tensor, for every weight of the model."""
    out = {"token_embd.weight": net.embed.weight, "output_norm.weight": net.norm.weight,
           "v.position_embd.weight": net.position, "perceiver.latents.weight": net.latents}
    modules = {"v.post_ln": net.v_post, "perceiver.post_ln": net.p_post, "perceiver.proj": net.proj}
    for i, conv in enumerate(net.stem):
        modules[f"v.stem.{i}"] = conv
    for prefix, layers in (("v.blk", net.v_blk), ("perceiver", net.p_blk), ("blk", net.blk)):
        for i, layer in enumerate(layers):
            for name, child in layer.named_children():
                modules[f"{prefix}.{i}.{name}"] = child
    for name, m in modules.items():
        out[name + ".weight"] = m.weight
        if getattr(m, "bias", None) is not None:
            out[name + ".bias"] = m.bias
    trained = [name for name, _ in net.named_parameters() if not name.startswith("stem_norm")]
    assert len(out) == len(trained)
    return out


def is_matrix(name, array):
    kept = ("v.position_embd.weight", "perceiver.latents.weight")
    return array.ndim == 2 and name not in kept and array.shape[1] % 32 == 0


def quantise(array):
    """f32 [rows][cols] -> q8_0 bytes."""
    blocks = array.reshape(-1, 32).astype(np.float32)
    scale = np.abs(blocks).max(1) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    q = np.round(blocks * inverse[:, None]).astype(np.int8)
    out = np.zeros(len(blocks), dtype=[("d", "<f2"), ("q", "i1", 32)])
    out["d"], out["q"] = scale, q
    return out.tobytes()


def dequantise(data, shape):
    blocks = np.frombuffer(data, dtype=[("d", "<f2"), ("q", "i1", 32)])
    return (blocks["d"].astype(np.float32)[:, None] * blocks["q"]).reshape(shape)


def text(s):
    raw = s.encode() if isinstance(s, str) else s
    return struct.pack("<Q", len(raw)) + raw


def value(kind, v):
    if kind == STRING:
        return text(v)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], v)


def entry(key, kind, v, item=None):
    head = text(key) + struct.pack("<I", kind)
    if kind != ARRAY:
        return head + value(kind, v)
    return head + struct.pack("<IQ", item, len(v)) + b"".join(value(item, x) for x in v)


def metadata(net, tok, state):
    c = net.c
    kinds = [3] * len(bpe.SPECIAL) + [1] * (len(tok.words) - len(bpe.SPECIAL))
    p = "picturebook."
    rows = [("general.architecture", STRING, "picturebook"),
            ("general.name", STRING, "picturebook"),
            ("general.license", STRING, "apache-2.0"),
            ("general.alignment", U32, ALIGN)]
    rows += [(p + k, U32, v) for k, v in [
        ("context_length", c["context"]), ("embedding_length", c["dim"]), ("block_count", c["layers"]),
        ("feed_forward_length", c["ffn"]), ("attention.head_count", c["heads"]),
        ("attention.head_count_kv", c["kv_heads"]), ("attention.key_length", c["head_dim"]),
        ("rope.dimension_count", c["head_dim"]), ("vision.image_size", c["image_size"]),
        ("vision.embedding_length", c["stem"][-1]), ("vision.block_count", c["v_layers"]),
        ("vision.feed_forward_length", c["v_ffn"]), ("vision.attention.head_count", c["v_heads"]),
        ("perceiver.latents", c["latents"]), ("perceiver.block_count", c["p_layers"]),
        ("perceiver.attention.head_count", c["p_heads"]),
        ("perceiver.feed_forward_length", c["p_ffn"]), ("training.pictures", state["pictures"])]]
    rows += [(p + k, F32, v) for k, v in [
        ("attention.layer_norm_rms_epsilon", c["rms_eps"]), ("rope.freq_base", c["rope_base"]),
        ("vision.attention.layer_norm_epsilon", c["ln_eps"])]]
    out = [entry(*r) for r in rows]
    out += [entry(p + "vision.stem_channels", ARRAY, c["stem"], I32),
            entry(p + "vision.image_mean", ARRAY, [0.5] * 3, F32),
            entry(p + "vision.image_std", ARRAY, [0.5] * 3, F32),
            entry("tokenizer.ggml.model", STRING, "gpt2"),
            entry("tokenizer.ggml.pre", STRING, "gpt-2"),
            entry("tokenizer.ggml.tokens", ARRAY, tok.words, STRING),
            entry("tokenizer.ggml.token_type", ARRAY, kinds, I32),
            entry("tokenizer.ggml.merges", ARRAY, [" ".join(m) for m in tok.merges], STRING),
            entry("tokenizer.ggml.bos_token_id", U32, bpe.START),
            entry("tokenizer.ggml.eos_token_id", U32, bpe.END),
            entry("tokenizer.ggml.add_bos_token", BOOL, False),
            entry("tokenizer.chat_template", STRING, TEMPLATE)]
    return out


def write(net, tok, path, state, exact=False):
    """exact: matrices in f32 as well."""
    import os
    net = net.folded()
    keys = metadata(net, tok, state)
    infos, blobs, offset = [], [], 0
    for name, tensor in names(net).items():
        array = tensor.detach().cpu().numpy()
        quantised = not exact and is_matrix(name, array)
        blob = quantise(array) if quantised else array.astype("<f4").tobytes()
        dims = array.shape[::-1]
        infos.append(text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims) +
                     struct.pack("<IQ", TYPE_Q8_0 if quantised else TYPE_F32, offset))
        blob += b"\0" * (-len(blob) % ALIGN)
        blobs.append(blob)
        offset += len(blob)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(infos), len(keys)) + b"".join(keys) + b"".join(infos)
    with open(path + ".tmp", "wb") as f:
        f.write(head + b"\0" * (-len(head) % ALIGN) + b"".join(blobs))
    os.replace(path + ".tmp", path)


# --- reading back ----------------------------------------------------------------------------


class Reader:
    def __init__(self, path):
        self.data, self.at = open(path, "rb").read(), 0

    def take(self, form):
        v = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return v[0] if len(v) == 1 else v

    def text(self):
        n = self.take("Q")
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def value(self, kind):
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            item, n = self.take("IQ")
            return [self.value(item) for _ in range(n)]
        return self.take({U32: "I", I32: "i", F32: "f", BOOL: "?"}[kind])


def read(path):
    """(metadata, {name: f32 array}) of a file that write() made."""
    r = Reader(path)
    _, _, n_tensors, n_keys = r.take("4sIQQ")
    meta = {}
    for _ in range(n_keys):
        key = r.text()
        meta[key] = r.value(r.take("I"))
    infos = []
    for _ in range(n_tensors):
        name = r.text()
        dims = [r.take("Q") for _ in range(r.take("I"))]
        infos.append((name, dims[::-1]) + r.take("IQ"))
    start = r.at + -r.at % ALIGN
    arrays = {}
    for name, shape, kind, offset in infos:
        count = int(np.prod(shape))
        size = count * 4 if kind == TYPE_F32 else count // 32 * 34
        blob = r.data[start + offset:start + offset + size]
        arrays[name] = (np.frombuffer(blob, "<f4").reshape(shape) if kind == TYPE_F32
                        else dequantise(blob, shape))
    return meta, arrays


def read_metadata(path):
    return read(path)[0]


def load_into(net, path):
    """The weights of a file, dequantised, into a model of the same shape."""
    import torch
    arrays = read(path)[1]
    with torch.no_grad():
        for name, tensor in names(net).items():
            tensor.copy_(torch.from_numpy(arrays[name].copy()))


def main():
    import argparse
    import json
    import os
    import torch
    import model
    p = argparse.ArgumentParser(description="Writes a checkpoint of train.py as GGUF.")
    p.add_argument("checkpoint")
    p.add_argument("out")
    p.add_argument("--f32", action="store_true", help="leave the matrices as they are")
    o = p.parse_args()
    stored = torch.load(o.checkpoint, map_location="cpu")
    net = model.Picturebook(stored["c"])
    net.normalise_stem()
    net.load_state_dict(stored["net"])
    merges = os.path.join(os.path.dirname(os.path.abspath(__file__)), "merges.json")
    with open(merges) as f:
        write(net, bpe.Tokenizer(json.load(f)), o.out, stored["state"], exact=o.f32)


if __name__ == "__main__":
    main()

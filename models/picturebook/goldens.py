"""Writes the goldens of the GGUF file: activations of the PyTorch model on its dequantised weights.

    python3 goldens.py picturebook.gguf ../../tests/families/picturebook

Run after every export; the test compares the engine with them on every device.
"""
import json
import os
import sys

import numpy as np
import torch
from PIL import Image

import bpe
import data
import export
import model
import sources

QUESTION = "Describe the picture."


def config_of(meta):
    p = "picturebook."
    stem = meta[p + "vision.stem_channels"]
    return dict(image_size=meta[p + "vision.image_size"], stem=stem,
                v_layers=meta[p + "vision.block_count"], v_heads=meta[p + "vision.attention.head_count"],
                v_ffn=meta[p + "vision.feed_forward_length"], latents=meta[p + "perceiver.latents"],
                p_layers=meta[p + "perceiver.block_count"],
                p_heads=meta[p + "perceiver.attention.head_count"],
                p_ffn=meta[p + "perceiver.feed_forward_length"], dim=meta[p + "embedding_length"],
                layers=meta[p + "block_count"], heads=meta[p + "attention.head_count"],
                kv_heads=meta[p + "attention.head_count_kv"], head_dim=meta[p + "attention.key_length"],
                ffn=meta[p + "feed_forward_length"], rope_base=meta[p + "rope.freq_base"],
                rms_eps=meta[p + "attention.layer_norm_rms_epsilon"],
                ln_eps=meta[p + "vision.attention.layer_norm_epsilon"],
                context=meta[p + "context_length"], vocab=len(meta["tokenizer.ggml.tokens"]))


def load(path):
    """(model on dequantised weights, tokenizer)."""
    meta = export.read_metadata(path)
    net = model.Picturebook(config_of(meta))
    export.load_into(net, path)
    merges = [m.split(" ") for m in meta["tokenizer.ggml.merges"]]
    return net.eval(), bpe.Tokenizer(merges)


def pixels_of(picture, size):
    """PIL image -> [1][3][size][size], stretched as the program does."""
    small = np.asarray(picture.convert("RGB").resize((size, size), Image.BILINEAR))
    return model.normalise(torch.from_numpy(small.copy())[None])


@torch.no_grad()
def answer_ids(net, pixels, ids, n, stop=True):
    """Greedy ids behind a prompt; pixels None for none."""
    rows = net.embed(torch.tensor([ids]))
    if pixels is not None:
        rows = torch.cat([rows[:, :1], net.encode(pixels)[1], rows[:, 1:]], 1)
    out = []
    for _ in range(n):
        out.append(int(net.logits(net.hidden(rows)[:, -1])[0].argmax()))
        if stop and out[-1] == bpe.END:
            break
        rows = torch.cat([rows, net.embed(torch.tensor([[out[-1]]]))], 1)
    return out


def main():
    path, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    net, tok = load(path)
    kinds = sources.load_kinds()
    rng = np.random.default_rng(2024)
    picture = Image.fromarray(data.scene(rng, kinds, data.scene_mixed)[0]).resize((148, 96), Image.BICUBIC)
    picture.save(os.path.join(out, "picture.png"))
    size = net.c["image_size"]
    pixels = pixels_of(picture, size)
    ids = [bpe.START, bpe.USER] + tok.encode(QUESTION) + [bpe.ASSISTANT]
    with torch.no_grad():
        encoder, rows = net.encode(pixels)
        words = net.embed(torch.tensor([ids]))
        hidden = net.hidden(torch.cat([words[:, :1], rows, words[:, 1:]], 1))
        logits = net.logits(hidden[:, -1])
    names = {"v.post_ln": encoder[0], "perceiver.proj": rows[0], "logits": logits}
    for name, tensor in names.items():
        np.save(os.path.join(out, name + ".npy"), tensor.numpy().astype("<f4"))
    np.save(os.path.join(out, "pixels.npy"), pixels[0].reshape(3 * size, size).numpy().astype("<f4"))
    prompt = ids[:1] + [-1] * net.c["latents"] + ids[1:]
    np.save(os.path.join(out, "prompt.npy"), np.array(prompt, "<i4"))
    np.save(os.path.join(out, "answer.npy"), np.array(answer_ids(net, pixels, ids, 16), "<i4"))
    top = logits[0].topk(2).values
    json.dump({"question": QUESTION, "margin": float(top[0] - top[1])},
              open(os.path.join(out, "golden.json"), "w"))


if __name__ == "__main__":
    main()

"""Makes a folder that vidi opens of the three parts that an OpenFlamingo model is published in.

    python3 openflamingo_folder.py CHECKPOINT.pt LANGUAGE_FOLDER CLIP_FOLDER OUT --every N

CHECKPOINT.pt        what was trained: perceiver, layers that ask, table of words (openflamingo/...)
LANGUAGE_FOLDER      the language model as the hub has it, MPT (mosaicml/mpt-7b, anas-awadalla/mpt-1b-...)
CLIP_FOLDER          the tower (openai/clip-vit-large-patch14)
--every N            every N-th layer asks: 4 for OpenFlamingo-9B, 1 for OpenFlamingo-3B
Needs torch, safetensors and tokenizers; nothing of the checkpoint but numbers is loaded.
"""
import argparse
import glob
import json
import os
import re
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

COPIED = ("tokenizer_config.json", "special_tokens_map.json", "generation_config.json")


def weights(folder):
    """All tensors of a folder, from safetensors or from pickles."""
    found = sorted(glob.glob(folder + "/*.safetensors"))
    pickles = sorted(glob.glob(folder + "/pytorch_model*.bin"))
    if not found and not pickles:
        sys.exit(f"{folder}: holds neither safetensors nor pytorch_model.bin")
    all_of_them = {}
    for path in found:
        all_of_them.update(load_file(path))
    for path in () if found else pickles:
        all_of_them.update(torch.load(path, map_location="cpu", weights_only=True))
    return all_of_them


def read(path):
    with open(path) as f:
        return json.load(f)


def halves(name, t, out):
    """to_kv becomes to_k and to_v: vidi keeps them apart."""
    k, v = t.chunk(2)
    out[name.replace("to_kv", "to_k")], out[name.replace("to_kv", "to_v")] = k, v


def flamingo(checkpoint, out):
    """Perceiver and asking layers; returns the table of words, if it was trained."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = state.get("model_state_dict", state)
    table = None
    for name, t in state.items():
        name = re.sub(r"^(module\.)?(lang_encoder\.)?", "", name)
        name = re.sub(r"^transformer\.blocks\.(\d+)\.gated_cross_attn_layer\.", r"gated_cross_attn_layers.\1.", name)
        if name.endswith("wte.weight"):
            table = t
        elif not name.startswith(("perceiver.", "gated_cross_attn_layers.")):
            continue
        elif ".to_kv." in name:
            halves(name, t, out)
        elif "frame_embs" in name or "media_time_embs" in name:
            sys.exit(f"{checkpoint}: {name}: perceivers of videos are not supported")
        else:
            out[name] = t
    if "perceiver.latents" not in out:
        sys.exit(f"{checkpoint}: holds no perceiver.latents")
    return table


def language(folder, out):
    config = read(folder + "/config.json")
    for name, t in weights(folder).items():
        name = re.sub(r"^model\.", "", name)
        if name.startswith("transformer."):
            out[name.replace(".decoder_layer.", ".")] = t
    attention = config.get("attn_config", {})
    return {"model_type": "mpt", "d_model": config["d_model"], "n_layers": config["n_layers"],
            "n_heads": config["n_heads"], "max_seq_len": config.get("max_seq_len", 2048),
            "expansion_ratio": config.get("expansion_ratio", config.get("mlp_ratio", 4)),
            "layer_norm_epsilon": config.get("layer_norm_epsilon", 1e-5), "logit_scale": config.get("logit_scale"),
            "attn_config": {"alibi": attention.get("alibi", config.get("alibi", True)),
                            "alibi_bias_max": attention.get("alibi_bias_max", config.get("alibi_bias_max", 8)),
                            "clip_qkv": attention.get("clip_qkv", config.get("attn_clip_qkv")),
                            "softmax_scale": attention.get("softmax_scale", config.get("softmax_scale"))}}


def tokenizer(folder, out):
    """The words that the language model had, and those that OpenFlamingo adds, in its order."""
    t = Tokenizer.from_file(folder + "/tokenizer.json")
    added = ["<|endofchunk|>", "<image>"]
    settings = read(folder + "/tokenizer_config.json") if os.path.exists(folder + "/tokenizer_config.json") else {}
    if not settings.get("pad_token"):
        added.append("<PAD>")
    t.add_special_tokens(added)
    t.save(out + "/tokenizer.json")
    for name in COPIED:
        if os.path.exists(f"{folder}/{name}"):
            shutil.copy(f"{folder}/{name}", out)
    return t.get_vocab_size(with_added_tokens=True)


def tower(folder, out):
    """A whole CLIP, or its tower alone, whose newer files leave the prefix out."""
    found = weights(folder)
    alone = not any(n.startswith("vision_model.") for n in found)
    for name, t in found.items():
        if alone or name.startswith("vision_model."):
            out[("vision_model." if alone else "") + name] = t
    config = read(folder + "/config.json")
    return config.get("vision_config", config)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("checkpoint")
    p.add_argument("language")
    p.add_argument("clip")
    p.add_argument("out")
    p.add_argument("--every", type=int, required=True)
    p.add_argument("--heads", type=int, default=8, help="of the perceiver and of what asks (8)")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    all_of_them, config = {}, {"architectures": ["OpenFlamingo"], "model_type": "open_flamingo"}
    config["text_config"] = language(a.language, all_of_them)
    table = flamingo(a.checkpoint, all_of_them)
    if table is not None:
        all_of_them["transformer.wte.weight"] = table
    words = tokenizer(a.language, a.out)
    all_of_them["transformer.wte.weight"] = all_of_them["transformer.wte.weight"][:words]
    config["vision_config"] = tower(a.clip, all_of_them)
    shutil.copy(a.clip + "/preprocessor_config.json", a.out)
    asking = next(t for n, t in all_of_them.items() if re.match(r"gated_cross_attn_layers\.\d+\.attn\.to_q\.weight", n))
    depth = 1 + max(int(n.split(".")[2]) for n in all_of_them if n.startswith("perceiver.layers."))
    inner = all_of_them["perceiver.layers.0.0.to_q.weight"].shape[0]
    config["perceiver_config"] = {"num_latents": all_of_them["perceiver.latents"].shape[0], "depth": depth,
                                  "heads": a.heads, "dim_head": inner // a.heads}
    config.update(cross_attn_every_n_layers=a.every, cross_attn_heads=a.heads,
                  cross_attn_dim_head=asking.shape[0] // a.heads)
    with open(a.out + "/config.json", "w") as f:
        json.dump(config, f, indent=1)
    path = a.out + "/model.safetensors"
    save_file({n: t.contiguous() for n, t in all_of_them.items()}, path, {"format": "pt"})
    os.chmod(path, 0o644)
    print(f"{a.out}: {len(all_of_them)} tensors, {words} words")


if __name__ == "__main__":
    main()

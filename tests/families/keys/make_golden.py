"""What transformers computes of the small models of ../folders when one field of a config is another.

    python3 make_golden.py OUT [FOLDER ...]      # needs torch, transformers, numpy, PIL

Each case is a folder whose file has other values for some keys: weights, words and all else stay, so
that nothing but the number is kept here, every fourth logit of the last word. OUT/cases.json holds
them. A case whose logits the change does not move is refused, as it would prove nothing.
"""
import copy
import importlib
import json
import os
import pkgutil
import sys
import tempfile

import numpy as np
import torch
import transformers as T
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS, MMPROJ = HERE + "/../folders", HERE + "/../mmproj"
TEXT = "The quick brown fox's 12345 dogs  jump\nover it: déjà vu!"
T.logging.set_verbosity_error()
T.logging.disable_progress_bar()
STEP, MOVED = 4, 1e-8
GONE = "(no such key)"

whole_resize = Image.Image.resize


def resize(self, size, resample=None, *args, **kwargs):
    """As in ../mmproj: across first, then down."""
    across = whole_resize(self, (size[0], self.height), resample, *args, **kwargs)
    return whole_resize(across, tuple(size), resample, *args, **kwargs)


Image.Image.resize = resize


def rope(**own):
    return {"rope_parameters": {"rope_theta": 1e4, **own}}


YARN = dict(rope_type="yarn", factor=8.0, original_max_position_embeddings=32)
LOCAL = {"rope_type": "default", "rope_theta": 1e4}
FULL = {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6}

# folder -> the changes of its config.json, each a dict of keys, with dots between those of objects
TEXTS = {
    "llama": [
        {"rms_norm_eps": 0.05}, {"num_hidden_layers": 1}, {"rope_parameters.factor": 2.0},
        {"rope_parameters.low_freq_factor": 2.0}, {"rope_parameters.high_freq_factor": 9.0},
        {"rope_parameters.original_max_position_embeddings": 64}, {"rope_parameters.rope_theta": 500.0},
        rope(rope_type="default"), rope(rope_type="linear", factor=4.0), rope(**YARN),
        rope(**YARN, attention_factor=1.5), rope(**YARN, beta_fast=1.1, beta_slow=0.2), rope(**YARN, beta_slow=3.0),
        rope(**YARN, mscale=1.0, mscale_all_dim=0.5), rope(**YARN, truncate=False),
        {"rope_parameters": GONE, "rope_theta": 2000.0},
        {"rope_parameters": GONE, "rope_theta": 1e4, "rope_scaling": {"type": "linear", "factor": 3.0}},
    ],
    "mistral": [{"rms_norm_eps": 0.05}, {"num_hidden_layers": 1}, {"rope_parameters.rope_theta": 500.0}],
    "mistral3": [{"rms_norm_eps": 0.05}, {"rope_parameters.factor": 5.0}],
    "qwen2": [{"rms_norm_eps": 0.05}, {"num_hidden_layers": 1, "layer_types": ["full_attention"]}, {"rope_parameters.rope_theta": 500.0},
              rope(**YARN)],
    "qwen3": [{"rms_norm_eps": 0.05}, {"num_hidden_layers": 1, "layer_types": ["full_attention"]}, {"rope_parameters.factor": 2.0},
              {"rope_parameters.original_max_position_embeddings": 8}, rope(rope_type="default")],
    "gemma": [{"hidden_act": "gelu"}, {"hidden_act": "gelu", "hidden_activation": None},
              {"hidden_act": "gelu", "hidden_activation": GONE}, {"rms_norm_eps": 0.05}, {"num_hidden_layers": 1},
              {"rope_parameters.rope_theta": 500.0}],
    "gemma2": [{"hidden_activation": "gelu"}, {"query_pre_attn_scalar": 40}, {"attn_logit_softcapping": 1.0},
               {"attn_logit_softcapping": None}, {"final_logit_softcapping": 1.0}, {"final_logit_softcapping": None},
               {"sliding_window": 4}, {"rms_norm_eps": 0.05}, {"rope_parameters.rope_theta": 500.0}],
    "gemma3_text": [
        {"hidden_activation": "gelu"}, {"query_pre_attn_scalar": 40}, {"sliding_window": 4}, {"rms_norm_eps": 0.05},
        {"num_hidden_layers": 2, "layer_types": ["sliding_attention", "full_attention"]},
        {"layer_types": ["sliding_attention"] * 3 + ["full_attention"]},
        {"layer_types": GONE, "sliding_window_pattern": 4}, {"layer_types": GONE},
        {"rope_parameters.full_attention.factor": 2.0}, {"rope_parameters.full_attention.rope_theta": 500.0},
        {"rope_parameters.sliding_attention.rope_theta": 500.0},
        {"rope_parameters": {"full_attention": FULL, "sliding_attention": {**LOCAL, "rope_type": "linear",
                                                                           "factor": 4.0}}},
        {"rope_parameters": {"full_attention": {**LOCAL, "rope_theta": 1e6}, "sliding_attention": LOCAL}},
        {"rope_parameters": GONE, "rope_theta": 500.0},
        {"rope_parameters": GONE, "rope_local_base_freq": 500.0},
        {"rope_parameters": GONE, "rope_scaling": {"rope_type": "linear", "factor": 4.0}},
    ],
    "phi4": [{"rms_norm_eps": 0.05}, {"rope_parameters.rope_theta": 500.0},
             {"rope_parameters.long_factor": [1.0, 1.5, 2.0, 4.0, 6.0, 8.0]},
             {"original_max_position_embeddings": 128, "rope_parameters.original_max_position_embeddings": 128},
             {"max_position_embeddings": 1024}],
    "mpt": [{"layer_norm_epsilon": 0.05}, {"n_layers": 1}],
    "opt": [{"num_hidden_layers": 1}],
}


def put(config, path, value):
    """Writes a key; GONE: takes it away."""
    *outer, key = path.split(".")
    for one in outer:
        config = config.setdefault(one, {})
    if value == GONE:
        config.pop(key, None)
    else:
        config[key] = copy.deepcopy(value)


def changed(folder, file, keys, to):
    """The folder with other keys in one file, made of links."""
    for name in os.listdir(folder):
        if name != file and os.path.isfile(f"{folder}/{name}"):
            os.symlink(os.path.abspath(f"{folder}/{name}"), f"{to}/{name}")
    with open(f"{folder}/{file}") as f:
        config = json.load(f)
    for path, value in keys.items():
        put(config, path, value)
    with open(f"{to}/{file}", "w") as f:
        json.dump(config, f)


def model_of(folder):
    with open(f"{folder}/config.json") as f:
        cls = getattr(T, json.load(f)["architectures"][0])
    return cls.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def text_logits(folder):
    words = T.AutoTokenizer.from_pretrained(folder)
    ids = words(TEXT, return_tensors="pt").input_ids
    with torch.no_grad():
        return model_of(folder)(input_ids=ids).logits[0, -1].numpy().astype(np.float64)


def logits_of(name, file, keys, ask):
    with tempfile.TemporaryDirectory() as to:
        changed(f"{FOLDERS}/{name}", file, keys, to)
        return ask(to)


def nmse(a, b):
    return float(((a - b) ** 2).mean() / ((b - b.mean()) ** 2).mean())


def one_case(cases, seen, name, file, keys, ask, **more):
    try:
        got = logits_of(name, file, keys, ask)
    except Exception as e:  # told at the end of the day, for all of them
        print("WRONG:", name, file, keys, str(e)[:300])
        return
    moved = nmse(got, seen[0])
    if min(nmse(got, one) for one in seen) == 0:
        print("NOTE: an earlier case says the same in other words")
    seen.append(got)
    print(name, file, json.dumps(keys), f"moves the logits by {moved:.3g}", flush=True)
    if moved < MOVED:
        print("WRONG: that is too little")
    gone = [k for k, v in keys.items() if v == GONE]
    cases.append({"folder": name, "file": file, "set": {k: v for k, v in keys.items() if v != GONE}, "gone": gone,
                  **more, "logits": [float(f"{v:.9g}") for v in got[::STEP]]})


def main():
    cases, chosen = [], sys.argv[2:]
    for name, changes in TEXTS.items():
        if chosen and name not in chosen:
            continue
        seen = [logits_of(name, "config.json", {}, text_logits)]
        for keys in changes:
            one_case(cases, seen, name, "config.json", keys, text_logits, words=TEXT)
    with open(f"{sys.argv[1]}/cases.json", "w") as f:
        f.write("[" + ",\n".join(json.dumps(c) for c in cases) + "]\n")


if __name__ == "__main__":
    main()

"""What transformers computes of the small models of ../folders when one field of a config is another.

    python3 make_golden.py OUT [FOLDER ...]      # needs torch, transformers, numpy, PIL

Each case is a folder whose file has other values for some keys: weights, words and all else stay, so
that nothing but the number is kept here, every fourth logit of the last word. OUT/cases.json holds
them. A case whose logits the change does not move is refused, as it would prove nothing.
"""
import copy
import glob
import importlib.util
import json
import os
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
              rope(**YARN), {"num_attention_heads": 2, "num_key_value_heads": 1}],
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
             {"max_position_embeddings": 1024},
             {"original_max_position_embeddings": 128, "rope_parameters.original_max_position_embeddings": 128,
              "rope_parameters.short_factor": [1.0, 1.5, 2.0, 4.0, 6.0, 8.0]}],
    "mpt": [{"layer_norm_epsilon": 0.05}, {"n_layers": 1}],
    "opt": [{"num_hidden_layers": 1}],
}


TOWER = [{"vision_config.layer_norm_eps": 0.05}, {"vision_config.num_attention_heads": 2}]
SHORTER = {"vision_config.num_hidden_layers": 1}
FEWER = {"text_config.num_hidden_layers": 1}
TEXT_PART = [{"text_config.rms_norm_eps": 0.05}, {"text_config.rope_parameters.rope_theta": 500.0}]
QUERIES = [{"qformer_config.layer_norm_eps": 0.05}, {"qformer_config.num_attention_heads": 2}]
QWEN = [{"vision_config.num_heads": 2}, {"vision_config.depth": 1}, *TEXT_PART]
SECTION = "text_config.rope_parameters.mrope_section"
PIXELS = [{"image_mean": [0.2, 0.5, 0.3]}, {"image_std": [0.3, 0.5, 0.6]}, {"rescale_factor": 0.005},
          {"do_normalize": False}, {"do_rescale": False, "image_std": [90.0, 80.0, 70.0]}]

SIZES = {"llava": [{"size.shortest_edge": 100}], "git": [{"size.shortest_edge": 40}]}

# The same of models with eyes, asked about one picture; and of their preprocessor_config.json.
SEEING = {
    "smolvlm": TOWER + [SHORTER, FEWER] + TEXT_PART,
    "llava": TOWER + TEXT_PART + [
        FEWER, {"vision_config.num_hidden_layers": 2},
        {"projector_hidden_act": "silu"},
        {"projector_hidden_act": "relu"}, {"vision_config.hidden_act": "gelu_pytorch_tanh"}],
    "llava_siglip": TOWER + TEXT_PART + [{"vision_feature_layer": -1}],
    "llava_next": TOWER + TEXT_PART + [FEWER],
    "internvl": TOWER + [SHORTER, {**FEWER, "text_config.layer_types": ["full_attention"]}] + TEXT_PART + [{"projector_hidden_act": "silu"}],
    "gemma3": TOWER + [SHORTER, TEXT_PART[0], {"text_config.query_pre_attn_scalar": 40},
                       {"text_config.rope_parameters.full_attention.factor": 2.0},
                       {"text_config.rope_parameters.sliding_attention.rope_theta": 500.0},
                       {"text_config.sliding_window": 4}],
    "paligemma": TOWER + [SHORTER, FEWER] + TEXT_PART + [{"text_config.hidden_act": "gelu"}],
    "qwen2vl": QWEN + [{SECTION: [4, 2, 2]}],
    "qwen3vl": [QWEN[0], *QWEN[2:], {SECTION: [1, 6, 1]}],
    "qwen25vl": QWEN + [{SECTION: [4, 2, 2]}, {"vision_config.window_size": 28},
                        {"vision_config.fullatt_block_indexes": [2]},
                        {"vision_config.fullatt_block_indexes": [0, 1, 2, 3]}],
    "idefics2": TOWER + [SHORTER, FEWER] + TEXT_PART + [{"perceiver_config.resampler_depth": 1},
                                                 {"perceiver_config.rms_norm_eps": 0.05}],
    "blip": [TOWER[0], {"vision_config.num_attention_heads": 4}, SHORTER, {"text_config.layer_norm_eps": 0.05},
             {"text_config.num_attention_heads": 2}, FEWER],
    "blip2": [TOWER[0], {"vision_config.num_attention_heads": 4}, SHORTER, FEWER,
              {"qformer_config.num_hidden_layers": 1}] + QUERIES,
    "instructblip": [TOWER[0], {"vision_config.num_attention_heads": 4}, SHORTER] + QUERIES + TEXT_PART,
    "git": [TOWER[0], {"vision_config.num_attention_heads": 4}, SHORTER, {"layer_norm_eps": 0.05},
            {"num_attention_heads": 4}],
    "kosmos2": TOWER + [SHORTER, {"text_config.layer_norm_eps": 0.05}, {"text_config.attention_heads": 2},
                        {"text_config.scale_embedding": False}],
    "idefics": [TOWER[0], {"vision_config.num_attention_heads": 4}, SHORTER, {"rms_norm_eps": 0.05},
                {"perceiver_config.resampler_depth": 1}, {"cross_layer_interval": 4}, {"num_hidden_layers": 2},
                {"qk_layer_norms": False}, {"perceiver_config.qk_layer_norms_perceiver": False}],
    "mllama": [{"vision_config.norm_eps": 0.05}, {"vision_config.attention_heads": 2}, *TEXT_PART,
               {"vision_config.num_global_layers": 1},
               {"vision_config.intermediate_layers_indices": [1, 2]}, {"text_config.rope_parameters.factor": 2.0},
               {"text_config.rope_parameters.low_freq_factor": 2.0}],
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


# --- with eyes ---------------------------------------------------------------------------------

sys.path.insert(0, FOLDERS)  # whose make_golden.py has the name of this file
spec = importlib.util.spec_from_file_location("make_golden", FOLDERS + "/make_golden.py")
FOLDER_SCRIPT = sys.modules["make_golden"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(FOLDER_SCRIPT)


def process_of(folder):
    """Its picture processor, of the kind that goes through PIL."""
    with open(f"{folder}/preprocessor_config.json") as f:
        kind = json.load(f)["image_processor_type"].removesuffix("Fast").removesuffix("Pil") + "Pil"
    for path in glob.glob(os.path.dirname(T.__file__) + "/models/*/image_processing_pil_*.py"):
        with open(path) as f:
            if f"class {kind}(" not in f.read():
                continue
        module = f"transformers.models.{path.split('/')[-2]}.{os.path.basename(path)[:-3]}"
        return getattr(importlib.import_module(module), kind).from_pretrained(folder)
    raise ValueError("no " + kind)


def like_mmproj(name):
    """The prompt that ../mmproj spells out, and what its model wants beside it."""
    made = getattr(FOLDER_SCRIPT.eyes, name)()
    _, grids = made["pixels"]([Image.open(f"{MMPROJ}/{name}/wide.png")])
    return made["prompt"](grids), made.get("more", lambda ids: {}), f"tests/families/mmproj/{name}/wide.png", "What?"


def own_prompt(name):
    golden = "idefics2/whole/one" if name == "idefics2" else name + "/one"
    ids = np.load(f"{FOLDERS}/{golden}/prompt.npy").tolist()

    def more(ids):
        if name == "instructblip":
            asked = importlib.import_module("make_qformer").wordpiece()("What is it?").input_ids
            return {"qformer_input_ids": torch.tensor([asked])}
        if name == "kosmos2":  # <s> <image> latents </image>
            mask = torch.zeros_like(ids)
            mask[0, 2:2 + 6] = 1
            return {"image_embeds_position_mask": mask}
        return {"use_cache": False} if name == "git" else {}
    return ids, more, f"tests/families/folders/{name}/wide.png", "What is it?"


def feed(name, folder, ids, images):
    process = process_of(folder)
    if name == "mllama":
        script = importlib.import_module("make_mllama")
        script.WORD_IMAGE = T.AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids("<|image|>")
        return script.inputs(process, ids, images)
    if name == "idefics":
        script, words = importlib.import_module("make_idefics"), T.AutoTokenizer.from_pretrained(folder)
        mask, _ = script.image_attention_mask_for_packed_input_ids(torch.tensor([ids]), words, "pt")
        mask = script.incremental_to_binary_attention_mask(mask, "pt", num_classes=1)
        return {"pixel_values": process(images, return_tensors="pt")[None], "image_attention_mask": mask}
    x = process([images] if name in ("smolvlm", "idefics2") else images, return_tensors="pt")
    return {k: v for k, v in x.items() if k not in ("num_patches", "num_crops", "rows", "cols")}


def seeing_logits(name, prompt):
    ids, more, picture, _ = prompt

    def ask(folder):
        x = feed(name, folder, ids, [Image.open(f"{HERE}/../../../{picture}")])
        tokens = torch.tensor([ids])
        with torch.no_grad():
            if name == "blip":
                net = model_of(folder)
                rows = net.vision_model(**x).last_hidden_state
                y = net.text_decoder(input_ids=tokens, encoder_hidden_states=rows, use_cache=False)
                return y.logits[0, -1].numpy().astype(np.float64)
            return model_of(folder)(input_ids=tokens, **x, **more(tokens)).logits[0, -1].numpy().astype(np.float64)
    return ask


def seeing(cases, name):
    prompt = like_mmproj(name) if os.path.isdir(f"{MMPROJ}/{name}") else own_prompt(name)
    ask = seeing_logits(name, prompt)
    seen = [logits_of(name, "config.json", {}, ask)]
    for file, changes in (("config.json", SEEING[name]), ("preprocessor_config.json", PIXELS + SIZES.get(name, []))):
        for keys in changes:
            one_case(cases, seen, name, file, keys, ask, words=prompt[3], picture=prompt[2])


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
    for name in SEEING:
        if not chosen or name in chosen:
            seeing(cases, name)
    with open(f"{sys.argv[1]}/cases.json", "w") as f:
        f.write("[" + ",\n".join(json.dumps(c) for c in cases) + "]\n")


if __name__ == "__main__":
    main()

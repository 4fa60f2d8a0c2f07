"""Makes a tiny random mPLUG-Owl2 as a folder in the hub's form, and what its published code computes of it.

    python3 make_owl2.py OUT CODE [wide]    # needs torch, sentencepiece, numpy, PIL and transformers 4.31.0

CODE is the folder that holds the package mplug_owl2 of X-PLUG/mPLUG-Owl, as of its commit 9a28b3b. That code was written
for transformers 4.31.0, which asks for older packages than it needs.
"""
import json
import os
import sys

import numpy as np
import sentencepiece
import torch
from PIL import Image
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[2])
from transformers import LlamaTokenizer  # noqa: E402
from transformers.models.clip.image_processing_clip import CLIPImageProcessor  # noqa: E402
from mplug_owl2.constants import DEFAULT_IMAGE_TOKEN, IMAGE_TOKEN_INDEX  # noqa: E402
from mplug_owl2.conversation import conv_templates  # noqa: E402
from mplug_owl2.mm_utils import process_images, tokenizer_image_token  # noqa: E402
from mplug_owl2.model.configuration_mplug_owl2 import MPLUGOwl2Config  # noqa: E402
from mplug_owl2.model.modeling_mplug_owl2 import MPLUGOwl2LlamaForCausalLM  # noqa: E402

SIZES = [(1, 1), (333, 517), (4000, 300), (8, 2000), (64, 64)]
CORPUS = ["The quick brown fox jumps over the lazy dog.", "What is in the picture? A dog and 12 foxes.",
          "It's a photo of the old town; we've seen it. The dogs jump over the quick fox in the picture."] * 16
whole_resize = Image.Image.resize


def resize(self, size, resample=None, *args, **kwargs):
    """Pillow up to 12 resizes across first, then down; 13 swaps them for some tall pictures."""
    across = whole_resize(self, (size[0], self.height), resample, *args, **kwargs)
    return whole_resize(across, tuple(size), resample, *args, **kwargs)


Image.Image.resize = resize


def picture(width, height):
    """Waves, a disc and a slope; every size shows the same scene."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = (x + 0.5) / width, (y + 0.5) / height
    rgb = np.stack([127 + 120 * np.sin(9 * u + 4 * v), 255 * ((u - .5) ** 2 + (v - .4) ** 2 < .09),
                    255 * u * v], -1)
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def pattern(width, height):
    """A picture of whole numbers alone, so that tests can draw it again."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 3 + y * 5, x * y // 7, (x // 9 + y // 5) % 2 * 255], -1).astype(np.uint8))


def make_words(folder):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_prefix=folder + "/tokenizer", model_type="bpe", byte_fallback=True,
        normalization_rule_name="identity", vocab_size=330, remove_extra_whitespaces=False, hard_vocab_limit=False,
        minloglevel=2)
    os.remove(folder + "/tokenizer.vocab")
    with open(folder + "/tokenizer_config.json", "w") as f:
        json.dump({"add_bos_token": True, "add_eos_token": False, "tokenizer_class": "LlamaTokenizer",
                   "model_max_length": 2048, "legacy": True}, f, indent=1)
    return LlamaTokenizer.from_pretrained(folder)


def make_config(words, wide):
    """wide: as published, but of two layers each in tower and decoder."""
    text = dict(hidden_size=48, intermediate_size=64, num_attention_heads=3, max_position_embeddings=256)
    eyes = dict(hidden_size=32, intermediate_size=48, num_attention_heads=2, image_size=32, patch_size=8)
    asks = dict(hidden_size=32, intermediate_size=40, num_attention_heads=2, num_hidden_layers=2, num_learnable_queries=6)
    if wide:
        text = dict(hidden_size=4096, intermediate_size=11008, num_attention_heads=32, max_position_embeddings=2048)
        eyes = dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16, image_size=448, patch_size=14)
        asks = dict(hidden_size=1024, intermediate_size=2816, num_attention_heads=16, num_hidden_layers=6,
                    num_learnable_queries=64)
    return MPLUGOwl2Config(
        vocab_size=words, num_hidden_layers=2, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, **text,
        architectures=["MPLUGOwl2LlamaForCausalLM"], visual_config={
            "visual_model": dict(num_hidden_layers=2, hidden_act="quick_gelu", layer_norm_eps=1e-6, **eyes),
            "visual_abstractor": dict(encoder_hidden_size=eyes["hidden_size"], layer_norm_eps=1e-6,
                                      grid_size=eyes["image_size"] // eyes["patch_size"], **asks)})


def randomise(net, seed):
    """Weights that are exact in f16. The first layer of the abstractor gets places of its own, which the file holds;
    those of the second are as the code makes them, and are not in it."""
    rng = np.random.default_rng(seed)
    for name, p in net.named_parameters():
        scale, shift = 1.6 / np.sqrt(max(1, p[0].numel() if p.ndim > 1 else p.numel())), 0.0
        if p.ndim == 1 and name.endswith("weight"):
            scale, shift = 0.25, 1.0
        elif name.endswith("bias"):
            scale = 0.2
        elif any(word in name for word in ("embed_tokens", "cls_token", "vit_eos", "query_embeds")):
            scale = 1.5
        elif "position_embedding" in name:
            scale = 0.5
        p.data = torch.from_numpy((rng.standard_normal(p.shape) * scale + shift).astype(np.float16).astype(np.float32))
    asking = net.model.visual_abstractor.encoder.layers[0].crossattention.attention
    for places in (asking.q_pos_embed, asking.k_pos_embed):
        noise = torch.from_numpy(rng.standard_normal(places.shape).astype(np.float32))
        places.copy_((places + noise).half().float())


def save(folder, net):
    kept = {}
    for name, p in net.state_dict().items():
        if "inv_freq" not in name and not ("layers.1." in name and "_pos_embed" in name):
            kept[name] = p.detach().to(torch.float16).contiguous()
    save_file(kept, folder + "/model.safetensors", metadata={"format": "pt"})
    net.config.torch_dtype = "float16"
    net.config.save_pretrained(folder)


def watch(module, seen, name):
    """Keeps what the module says first of the last picture."""
    module.register_forward_hook(lambda _module, _inputs, y: seen.setdefault(name, y))


def prompt(*turns):
    """Questions and answers in turns, as the published web page and programs write them."""
    conv = conv_templates["mplug_owl2"].copy()
    for i, text in enumerate(turns + (None,)):
        conv.append_message(conv.roles[i % 2], text)
    return conv.get_prompt()


def ask(net, words, process, out, images, text):
    """Rows, logits of the last word, and 32 greedy words."""
    os.makedirs(out, exist_ok=True)
    ids = tokenizer_image_token(text, words, IMAGE_TOKEN_INDEX, return_tensors="pt")[None]
    x = process_images(images, process) if images else None
    if images:
        tower, rows = net.encode_parts(x)
        seen = [("v.post_ln", tower), ("mm.concat", rows)] + [("pixels", x)] * (len(images) == 1)
        for name, values in seen:
            np.save(f"{out}/{name}.npy", values[-1].reshape(-1, values.shape[-1]).numpy().astype("<f4"))
    said, gaps, past, first = [], [], None, None
    with torch.no_grad():
        step, mask = ids, torch.ones_like(ids)
        while len(said) < 32:
            y = net(input_ids=step, images=x, past_key_values=past, use_cache=True, attention_mask=mask)
            mask = torch.ones(1, y.past_key_values[0][0].shape[2] + 1, dtype=torch.long)
            past, logits = y.past_key_values, y.logits[0, -1:]
            first = logits if first is None else first
            best = logits[0].topk(2)
            said.append(int(best.indices[0]))
            gaps.append(float(best.values[0] - best.values[1]))
            step = best.indices[None, :1]
    np.save(out + "/prompt.npy", ids[0].numpy().astype("<i4"))
    np.save(out + "/logits.npy", first.numpy().astype("<f4"))
    np.save(out + "/answer.npy", np.array(said, "<i4"))
    print(out, said, "smallest margin", min(gaps), "different", len(set(said)), "says an end word" if 2 in said else "")


def encode_parts(self, images):
    with torch.no_grad():
        rows = self.model.vision_model(images).last_hidden_state
        return rows, self.encode_images(images)


def main():
    MPLUGOwl2LlamaForCausalLM.encode_parts = encode_parts
    folder = sys.argv[1] + "/owl2"
    os.makedirs(folder, exist_ok=True)
    words, wide = make_words(folder), len(sys.argv) > 3
    net = MPLUGOwl2LlamaForCausalLM(make_config(len(words), wide)).float().eval()
    randomise(net, 71)
    save(folder, net)
    side = net.config.visual_config["visual_model"]["image_size"]
    process = CLIPImageProcessor(size=side, crop_size=side, do_convert_rgb=True)
    process.save_pretrained(folder)
    pictures = [picture(90, 60), picture(20, 71)]
    for i, one in enumerate(pictures):
        one.save(f"{folder}/{('wide', 'high')[i]}.png")
    mark, text = DEFAULT_IMAGE_TOKEN, "What is it?"
    ask(net, words, process, f"{folder}/none", [], prompt(text))
    ask(net, words, process, f"{folder}/one", pictures[:1], prompt(mark + text))
    ask(net, words, process, f"{folder}/three", pictures + pictures[:1], prompt(mark * 3 + text))
    ask(net, words, process, f"{folder}/turns", pictures, prompt(mark + text, "It is a dog.", mark + text))
    found = {}
    for width, height in SIZES:
        image = pattern(width, height)
        if width * height == 1:  # taken for one of one channel; stretched it is what it is: one colour
            image = image.resize((side, side))
        values = process_images([image], process)[0].numpy()
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

"""Makes a tiny random Llama 3.2 Vision as a folder in the hub's form, and what transformers computes of it.

    python3 make_mllama.py OUT [SEED]      # needs what make_golden.py needs
"""
import json
import os
import sys

import numpy as np
import torch
import transformers as T
from transformers.models.mllama.processing_mllama import (convert_sparse_cross_attention_mask_to_dense,
                                                          get_cross_attention_token_mask)

from make_golden import LETTERS, SIZES, TAIL, byte_level, eyes, numbers, randomise, save, watch, write

SIDE, PATCH, TILES = 28, 7, 4
WORDS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|image|>"]
TEMPLATE = ("{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
            "{{ m.content }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n")


def mllama():
    t = byte_level(LETTERS + r"\p{N}{1,3}" + TAIL, WORDS, whole=True)
    image = t.token_to_id("<|image|>")
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_global_layers=2, attention_heads=4,
             image_size=SIDE, patch_size=PATCH, intermediate_layers_indices=[0, 2], vision_output_dim=3 * 64)
    text = numbers(image, num_hidden_layers=4, cross_attention_layers=[1, 3], rms_norm_eps=1e-5,
                   bos_token_id=t.token_to_id(WORDS[0]), eos_token_id=t.token_to_id("<|eot_id|>"),
                   rope_parameters={"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0,
                                    "high_freq_factor": 4.0, "original_max_position_embeddings": 16})
    c = T.MllamaConfig(vision_config=v, text_config=text, image_token_index=image)
    return T.MllamaForConditionalGeneration(c).float().eval(), t


def canvas(tiles, ratio):
    """The tiles of a picture side by side."""
    down, across = ratio
    grid = tiles[:down * across].reshape(down, across, 3, SIDE, SIDE)
    return grid.transpose(2, 0, 3, 1, 4).reshape(3, down * SIDE, across * SIDE)


RATIOS = [(d, a) for d in range(1, TILES + 1) for a in range(1, TILES + 1) if d * a <= TILES]


def pixels(process, image):
    x = process([[image]], return_tensors="np")
    return canvas(x["pixel_values"][0, 0], RATIOS[int(x["aspect_ratio_ids"][0, 0]) - 1])


def inputs(process, ids, images):
    if not images:
        return {}
    x = process([images], return_tensors="pt")
    spans = [get_cross_attention_token_mask(ids, WORD_IMAGE)]
    mask = convert_sparse_cross_attention_mask_to_dense(spans, x["num_tiles"], TILES, len(ids))
    return {"pixel_values": x["pixel_values"], "aspect_ratio_ids": x["aspect_ratio_ids"],
            "aspect_ratio_mask": x["aspect_ratio_mask"], "cross_attention_mask": torch.tensor(mask)}


def ask(net, words, process, out, images, text):
    os.makedirs(out, exist_ok=True)
    ids = words(text, add_special_tokens=False).input_ids
    x, rows, seen = inputs(process, ids, images), {}, {}
    if images:
        watch(net.model.multi_modal_projector, rows, "mm.0")
        with torch.no_grad():
            net(input_ids=torch.tensor([ids]), **x)
        seen = {"pixels": torch.from_numpy(pixels(process, images[-1])), "mm.0": rows["mm.0"].flatten(0, 1)[-1]}
        seen["pixels"] = seen["pixels"].flatten(0, 1)
        if rows["mm.0"].ndim == 5:
            seen["mm.0"] = rows["mm.0"][0, -1].flatten(0, 1)
    write(out, net, torch.tensor([ids]), seen, [words.eos_token_id], **x)


def second_turn(net, words, process, out, images, first, second):
    """The first turn is read with its picture alone, the second one finds what was kept of it."""
    os.makedirs(out, exist_ok=True)
    a, b = (words(t, add_special_tokens=False).input_ids for t in (first, second))
    x, y, whole = inputs(process, a, images[:1]), inputs(process, b, images[1:]), inputs(process, a + b, images)
    rows, said, margins = {}, [], []
    watch(net.model.multi_modal_projector, rows, "first")
    with torch.no_grad():
        kept = net(input_ids=torch.tensor([a]), use_cache=True, **x).past_key_values
        rows.clear()
        watch(net.model.multi_modal_projector, rows, "mm.0")
        # The mask is of the whole text and of both pictures.
        y["cross_attention_mask"] = whole["cross_attention_mask"]
        place = torch.arange(len(a), len(a) + len(b))[None]
        logits = net(input_ids=torch.tensor([b]), past_key_values=kept, position_ids=place, **y).logits[0, -1:]
        mask, step = whole["cross_attention_mask"], logits
        for _ in range(32):
            best = step[-1].topk(2)
            margins.append(float(best.values[0] - best.values[1]))
            said.append(int(best.indices[0]))
            mask = torch.cat([mask, mask[:, -1:]], 1)
            place = place[:, -1:] + 1
            step = net(input_ids=torch.tensor([said[-1:]]), past_key_values=kept, position_ids=place,
                       cross_attention_mask=mask).logits[0, -1:]
    np.save(f"{out}/mm.0.npy", rows["mm.0"].reshape(-1, rows["mm.0"].shape[-1]).numpy().astype("<f4"))
    np.save(f"{out}/pixels.npy", pixels(process, images[-1]).reshape(-1, pixels(process, images[-1]).shape[-1]))
    np.save(f"{out}/logits.npy", logits.numpy().astype("<f4"))
    np.save(f"{out}/answer.npy", np.array(said, "<i4"))
    print(out, said, "smallest margin", min(margins), "different", len(set(said)))


def main():
    global WORD_IMAGE
    folder = sys.argv[1] + "/mllama"
    net, tokenizer = mllama()
    WORD_IMAGE = tokenizer.token_to_id("<|image|>")
    randomise(net, int(sys.argv[2]) if len(sys.argv) > 2 else 70, torch.bfloat16)
    with torch.no_grad():
        for name, gate in net.named_parameters():
            if name.endswith(("attn_gate", "mlp_gate")):
                gate *= 0.25  # pictures must not drown the words
    settings = {"bos_token": WORDS[0], "eos_token": "<|eot_id|>", "add_bos_token": True, "chat_template": TEMPLATE}
    save(folder, net, tokenizer, settings, torch.bfloat16, {})
    name = "transformers.models.mllama.image_processing_pil_mllama"
    process = __import__(name, fromlist=["x"]).MllamaImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, max_image_tiles=TILES)
    process.save_pretrained(folder)
    words = T.AutoTokenizer.from_pretrained(folder)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    turn = ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n")
    image, question = "<|image|>", "What is it?"
    ask(net, words, process, f"{folder}/none", [], turn.format(question))
    ask(net, words, process, f"{folder}/one", pictures[:1], turn.format(image + question))
    ask(net, words, process, f"{folder}/three", pictures + pictures[:1], turn.format(image * 3 + question))
    ask(net, words, process, f"{folder}/mixed", pictures,
        f"<|begin_of_text|>{image}The dog and the fox. {image}What is it?")
    first = turn.format(image + question) + "It is a dog.<|eot_id|>"
    second_turn(net, words, process, f"{folder}/turns", pictures, first, turn[17:].format(image + question))
    for width, height in SIZES:
        out = f"{folder}/sizes/{width}x{height}"
        ask(net, words, process, out, [eyes.pattern(width, height)], turn.format(image + question))
        os.remove(out + "/pixels.npy")
    found = {}
    for width, height in eyes.SIZES:
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in pixels(process, eyes.pattern(width, height)).reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

"""Makes a tiny random IDEFICS as a folder in the hub's form, and what transformers computes of it.

    python3 make_idefics.py OUT [SEED]      # needs what make_golden.py needs
"""
import json
import os
import sys

import torch
import transformers as T
from transformers.models.idefics.processing_idefics import (image_attention_mask_for_packed_input_ids,
                                                            incremental_to_binary_attention_mask)

from make_golden import eyes, numbers, randomise, save, sentence_pieces, watch, write

SIDE, EDGE = 32, "<fake_token_around_image>"
ADDED = [EDGE, "<image>", "<end_of_utterance>"]


def idefics_float():
    """Gates of one number each, as published."""
    t = sentence_pieces(ADDED)
    c = T.IdeficsConfig(
        vocab_size=t.get_vocab_size() - len(ADDED), additional_vocab_size=len(ADDED), hidden_size=48,
        intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, alpha_type="float", cross_layer_interval=1,
        qk_layer_norms=True, use_resampler=True, pad_token_id=None,
        vision_config=dict(embed_dim=32, image_size=SIDE, patch_size=8, intermediate_size=48, num_hidden_layers=1,
                           num_attention_heads=2),
        perceiver_config=dict(use_resampler=True, resampler_n_latents=4, resampler_depth=1, resampler_n_heads=2,
                              resampler_head_dim=16, qk_layer_norms_perceiver=True))
    return T.IdeficsForVisionText2Text(c).float().eval(), t


def idefics():
    """Norms of q and k, as published; gates as vectors, which published ones could be and are not."""
    t = sentence_pieces(ADDED)
    c = T.IdeficsConfig(
        vocab_size=t.get_vocab_size() - len(ADDED), additional_vocab_size=len(ADDED), hidden_size=64,
        intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, alpha_type="vector", cross_layer_interval=2,
        qk_layer_norms=True, use_resampler=True, pad_token_id=None,
        vision_config=dict(embed_dim=48, image_size=SIDE, patch_size=8, intermediate_size=64, num_hidden_layers=2,
                           num_attention_heads=3),
        perceiver_config=dict(use_resampler=True, resampler_n_latents=6, resampler_depth=2, resampler_n_heads=4,
                              resampler_head_dim=24, qk_layer_norms_perceiver=True))
    return T.IdeficsForVisionText2Text(c).float().eval(), t


def ask(net, words, process, out, images, text):
    os.makedirs(out, exist_ok=True)
    ids, rows, seen = words("<s>" + text, return_tensors="pt", add_special_tokens=False).input_ids, {}, {}
    if images:
        x = process(images, return_tensors="pt")
        mask, _ = image_attention_mask_for_packed_input_ids(ids, words, "pt")
        mask = incremental_to_binary_attention_mask(mask, "pt", num_classes=len(images))
    else:
        x, mask = torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, ids.shape[1], 1, dtype=torch.bool)
    more = {"pixel_values": x[None], "image_attention_mask": mask}
    watch(net.model.perceiver_resampler, rows, "rows")
    with torch.no_grad():
        net(input_ids=ids, **more)
    if images:
        seen = {"pixels": x[-1].reshape(-1, SIDE), "perceiver.post_ln": rows["rows"][-1]}
    write(out, net, ids, seen, [words.eos_token_id, words.convert_tokens_to_ids("<end_of_utterance>")], **more)


def make(folder, net, tokenizer):
    randomise(net, int(sys.argv[2]) if len(sys.argv) > 2 else 70, torch.bfloat16)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "alpha" in name:
                p *= 8 if p.numel() > 1 else 0.5  # of the size of 1
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}
    save(folder, net, tokenizer, settings, torch.bfloat16, {})
    name = "transformers.models.idefics.image_processing_pil_idefics"
    process = __import__(name, fromlist=["x"]).IdeficsImageProcessorPil(size={"height": SIDE, "width": SIDE})
    process.save_pretrained(folder)
    words = T.AutoTokenizer.from_pretrained(folder)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    turn = "User:{}What is it?<end_of_utterance>\nAssistant:"
    ask(net, words, process, f"{folder}/none", [], turn.format(" "))
    ask(net, words, process, f"{folder}/one", pictures[:1], turn.format(f"{EDGE}<image>{EDGE}"))
    if net.config.alpha_type == "float":
        return
    ask(net, words, process, f"{folder}/three", pictures + pictures[:1], turn.format((EDGE + "<image>") * 3 + EDGE))
    ask(net, words, process, f"{folder}/mixed", pictures,
        f"{EDGE}<image>{EDGE}The dog and the fox. {EDGE}<image>{EDGE}What is it?")
    picture = f"{EDGE}<image>{EDGE}"
    ask(net, words, process, f"{folder}/turns", pictures,
        f"User:{picture}What is it?<end_of_utterance>\nAssistant: It is a dog.<end_of_utterance>\n" + turn.format(picture))
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="pt")[0]
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


def main():
    make(sys.argv[1] + "/idefics", *idefics())
    make(sys.argv[1] + "/idefics_float", *idefics_float())


if __name__ == "__main__":
    main()

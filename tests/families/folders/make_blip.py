"""Makes a tiny random BLIP captioner as a folder in the hub's form, and what transformers computes of it.

    python3 make_blip.py OUT [SEED]      # needs what make_golden.py needs
"""
import json
import os
import sys

import numpy as np
import torch
import transformers as T

from make_golden import copy, eyes, randomise
from make_qformer import PIECES, QUESTION, SIDE, wordpiece

FIRST, SEP = len(PIECES), PIECES.index("[SEP]")  # the word that starts a text has no name in the vocabulary


def blip():
    v = dict(hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE,
             patch_size=8)
    t = dict(vocab_size=len(PIECES) + 2, hidden_size=48, encoder_hidden_size=64, intermediate_size=80,
             num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=96, bos_token_id=FIRST,
             eos_token_id=2, sep_token_id=SEP, pad_token_id=0)
    return T.BlipForConditionalGeneration(T.BlipConfig(vision_config=v, text_config=t)).float().eval()


def say(net, ids, rows):
    """32 greedy words of whole runs, and the margins of each."""
    said, margins = ids, []
    for _ in range(32):
        with torch.no_grad():
            logits = net.text_decoder(input_ids=said, encoder_hidden_states=rows, use_cache=False).logits[0, -1]
        best = logits.topk(2)
        margins.append(float(best.values[0] - best.values[1]))
        said = torch.cat([said, best.indices[:1].view(1, 1)], 1)
    return said[0, ids.shape[1]:], min(margins)


def ask(net, process, out, image, text):
    os.makedirs(out, exist_ok=True)
    ids = torch.tensor([wordpiece()(text).input_ids[:-1]])
    ids[:, 0] = FIRST
    seen, rows = {}, None
    with torch.no_grad():
        if image:
            x = process([image], return_tensors="pt")["pixel_values"]
            rows = net.vision_model(pixel_values=x).last_hidden_state
            seen = {"pixels": x[0].reshape(-1, SIDE), "v.post_ln": rows[0]}
        logits = net.text_decoder(input_ids=ids, encoder_hidden_states=rows, use_cache=False).logits[0, -1:]
    answer, margin = say(net, ids, rows)
    if image and text == QUESTION:
        usual = net.generate(pixel_values=x, input_ids=torch.tensor([wordpiece()(text).input_ids]), max_new_tokens=32,
                             do_sample=False)[0, ids.shape[1]:]
        print("generate() says the same:", usual.tolist() == answer.tolist()[:len(usual)])
    for name, values in {**seen, "logits": logits}.items():
        np.save(f"{out}/{name}.npy", values.reshape(-1, values.shape[-1]).numpy().astype("<f4"))
    np.save(out + "/prompt.npy", ids[0].numpy().astype("<i4"))
    np.save(out + "/answer.npy", answer.numpy().astype("<i4"))
    print(out, answer.tolist(), "smallest margin", margin, "different", len(set(answer.tolist())),
          "says an end word" if SEP in answer.tolist() else "")


def main():
    folder = sys.argv[1] + "/blip"
    net = blip()
    randomise(net, int(sys.argv[2]) if len(sys.argv) > 2 else 74, torch.float16)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "crossattention.output.dense" in name:
                p *= 0.25  # pictures must not drown the words
            elif name.endswith(("query.weight", "word_embeddings.weight", "position_embeddings.weight")):
                p *= 4
    os.makedirs(folder, exist_ok=True)
    copy.deepcopy(net).to(torch.float16).save_pretrained(folder)
    os.chmod(f"{folder}/model.safetensors", 0o644)
    wordpiece().save_pretrained(folder)
    cls = __import__("transformers.models.blip.image_processing_pil_blip", fromlist=["x"]).BlipImageProcessorPil
    process = cls(size={"height": SIDE, "width": SIDE})
    process.save_pretrained(folder)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    ask(net, process, f"{folder}/none", None, QUESTION)
    ask(net, process, f"{folder}/one", pictures[0], QUESTION)
    ask(net, process, f"{folder}/caption", pictures[0], "")
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="np")["pixel_values"][0]
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

"""Makes a tiny random GIT as a folder in the hub's form, and what transformers computes of it.

    python3 make_git.py OUT      # needs what make_golden.py needs

transformers 5.12 gives words that it says with a cache other positions than those of its own whole
runs, so the answer is taken from whole runs, word by word.
"""
import json
import os
import sys

import numpy as np
import torch
import transformers as T

from make_golden import copy, eyes, randomise, watch
from make_qformer import PIECES, QUESTION, SIDE, wordpiece

CLS, SEP = PIECES.index("[CLS]"), PIECES.index("[SEP]")


def git():
    v = dict(hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE,
             patch_size=8)
    c = T.GitConfig(vision_config=v, vocab_size=len(PIECES) + 3, hidden_size=64, num_hidden_layers=2,
                    num_attention_heads=2, intermediate_size=96, max_position_embeddings=96, bos_token_id=CLS,
                    eos_token_id=SEP, pad_token_id=0)
    return T.GitForCausalLM(c).float().eval()


def say(net, ids, x):
    """32 greedy words, and the margins of each."""
    said, margins = ids, []
    for _ in range(32):
        with torch.no_grad():
            logits = net(input_ids=said, pixel_values=x, use_cache=False).logits[0, -1]
        best = logits.topk(2)
        margins.append(float(best.values[0] - best.values[1]))
        said = torch.cat([said, best.indices[:1].view(1, 1)], 1)
    return said[0, ids.shape[1]:], min(margins)


def ask(net, process, out, image, text):
    os.makedirs(out, exist_ok=True)
    ids = torch.tensor([wordpiece()(text).input_ids[:-1]])
    x = process([image], return_tensors="pt")["pixel_values"] if image else None
    seen = {"pixels": x[0].reshape(-1, SIDE)} if image else {}
    watch(net.git.visual_projection, seen, "mm.1")
    with torch.no_grad():
        logits = net(input_ids=ids, pixel_values=x, use_cache=False).logits[0, -1:]
    answer, margin = say(net, ids, x)
    for name, rows in {**seen, "logits": logits}.items():
        np.save(f"{out}/{name}.npy", rows.reshape(-1, rows.shape[-1]).numpy().astype("<f4"))
    np.save(out + "/prompt.npy", ids[0].numpy().astype("<i4"))
    np.save(out + "/answer.npy", answer.numpy().astype("<i4"))
    print(out, answer.tolist(), "smallest margin", margin, "different", len(set(answer.tolist())),
          "says an end word" if SEP in answer.tolist() else "")


def main():
    folder = sys.argv[1] + "/git"
    net = git()
    randomise(net, int(sys.argv[2]) if len(sys.argv) > 2 else 70, torch.float16)
    os.makedirs(folder, exist_ok=True)
    copy.deepcopy(net).to(torch.float16).save_pretrained(folder)
    os.chmod(f"{folder}/model.safetensors", 0o644)
    wordpiece().save_pretrained(folder)
    cls = __import__("transformers.models.clip.image_processing_pil_clip", fromlist=["x"]).CLIPImageProcessorPil
    process = cls(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    process.save_pretrained(folder)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    ask(net, process, f"{folder}/one", pictures[0], QUESTION)
    ask(net, process, f"{folder}/caption", pictures[0], "")
    ask(net, process, f"{folder}/none", None, QUESTION)
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="np")["pixel_values"][0]
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

"""Makes a tiny random Kosmos-2 as a folder in the hub's form, and what transformers computes of it.

    python3 make_kosmos2.py OUT [SEED]      # needs what make_golden.py needs
"""
import json
import os
import sys

import torch
import transformers as T

from make_golden import eyes, randomise, save, unigram_words, watch, write

SIDE, LATENTS = 32, 6
SAID = ["<phrase>", "</phrase>", "<object>", "</object>", "</delimiter_of_multi_objects/>",
        *(f"<patch_index_{i:04d}>" for i in range(8))]


def kosmos2():
    t = unigram_words(False)
    t.add_special_tokens(["<image>", "</image>", "<grounding>", *SAID])
    words = t.get_vocab_size(with_added_tokens=True)
    text = dict(vocab_size=words + 3, embed_dim=64, layers=2, ffn_dim=96, attention_heads=4,
                max_position_embeddings=128, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=SIDE,
             patch_size=8)
    c = T.Kosmos2Config(text_config=text, vision_config=v, latent_query_num=LATENTS)
    return T.Kosmos2ForConditionalGeneration(c).float().eval(), t


def ask(net, words, process, out, images, text):
    os.makedirs(out, exist_ok=True)
    ids, seen, rows, more = [words.bos_token_id], {}, {}, {}
    mask = [0]
    for _ in images:
        ids += words("<image>", add_special_tokens=False).input_ids + [4] * LATENTS
        ids += words("</image>", add_special_tokens=False).input_ids
        mask += [0] + [1] * LATENTS + [0]
    ids += words("<grounding>" + text, add_special_tokens=False).input_ids
    ids = torch.tensor([ids])
    if images:
        x = process(images, return_tensors="pt")["pixel_values"]
        place = torch.tensor([mask + [0] * (ids.shape[1] - len(mask))])
        more = {"pixel_values": x, "image_embeds_position_mask": place}
        watch(net.image_to_text_projection, rows, "rows")
        with torch.no_grad():
            net(input_ids=ids, **more)
        seen = {"pixels": x[-1].reshape(-1, SIDE), "mm.scaled": rows["rows"][-1] * net.config.text_config.embed_dim ** 0.5}
        write(out, net, ids, seen, [words.eos_token_id], **more)
    else:
        write(out, net.text_model, ids, seen, [words.eos_token_id])


def main():
    folder = sys.argv[1] + "/kosmos2"
    net, tokenizer = kosmos2()
    net.set_attn_implementation("eager")  # of 5.12 the usual one takes the latents' attention for a causal one
    randomise(net, int(sys.argv[2]) if len(sys.argv) > 2 else 73, torch.float16)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.startswith("text_model") and name.endswith("q_proj.weight"):
                p *= 4
    save(folder, net, tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, torch.float16, {})
    cls = __import__("transformers.models.clip.image_processing_pil_clip", fromlist=["x"]).CLIPImageProcessorPil
    process = cls(size={"height": SIDE, "width": SIDE}, do_center_crop=False)
    process.save_pretrained(folder)
    words = T.AutoTokenizer.from_pretrained(folder)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    ask(net, words, process, f"{folder}/none", [], "What is it?")
    ask(net, words, process, f"{folder}/one", pictures[:1], "What is it?")
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="np")["pixel_values"][0]
        found[f"{width}x{height}"] = [[float(v) for v in values.reshape(-1)[::991]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

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


CHAIN = ["<phrase>", "\u2581dog", "</phrase>", "<object>", "<patch_index_0044>", "<patch_index_0863>", "</object>",
         "</s>"]  # which says </s> and so ends


def boxes(folder):
    """A model that answers every question with one box: each word of CHAIN makes the head say the next, the end of
    a question the first; nothing else of the decoder adds to what it reads."""
    t = unigram_words(True)
    t.add_special_tokens(["<image>", "</image>", "<grounding>", *SAID[:4], "<patch_index_0044>", "<patch_index_0863>"])
    n = t.get_vocab_size(with_added_tokens=True)
    text = dict(vocab_size=n, embed_dim=32, layers=1, ffn_dim=32, attention_heads=2, max_position_embeddings=64,
                pad_token_id=1, bos_token_id=0, eos_token_id=2)
    v = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=SIDE,
             patch_size=16)
    net = T.Kosmos2ForConditionalGeneration(T.Kosmos2Config(text_config=text, vision_config=v, latent_query_num=2,
                                                            tie_word_embeddings=False)).float().eval()
    net.set_attn_implementation("eager")
    randomise(net, 75, torch.float16)
    decoder, head = net.text_model.model, net.text_model.lm_head
    head.weight = torch.nn.Parameter(torch.zeros_like(head.weight))
    ids = [t.token_to_id(w) for w in CHAIN]
    with torch.no_grad():
        decoder.embed_tokens.weight *= 40  # places must not drown the words
        for name, p in decoder.named_parameters():
            if "self_attn.out_proj" in name or "ffn.fc2" in name:
                p.zero_()
        for before, after in zip([t.token_to_id("?"), *ids], ids):
            head.weight[after] = decoder.embed_tokens.weight[before].half().float()
    save(folder, net, t, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, torch.float16, {})
    cls = __import__("transformers.models.clip.image_processing_pil_clip", fromlist=["x"]).CLIPImageProcessorPil
    cls(size={"height": SIDE, "width": SIDE}, do_center_crop=False).save_pretrained(folder)
    words = T.AutoTokenizer.from_pretrained(folder)
    said = net.text_model.generate(words("<s><grounding>What is it?", add_special_tokens=False, return_tensors="pt").input_ids,
                                   max_new_tokens=16, do_sample=False)[0]
    answer = words.decode(said, skip_special_tokens=False)
    find = __import__("transformers.models.kosmos2.processing_kosmos2", fromlist=["x"])
    print(answer, find.clean_text_and_extract_entities_with_bboxes(answer.replace("</s>", "")))


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
    boxes(sys.argv[1] + "/kosmos2_boxes")
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
    ask(net, words, process, f"{folder}/turns", pictures[:1], "What is it? It is a dog.<grounding>What is it?")
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="np")["pixel_values"][0]
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

"""Makes a tiny random BLIP-2 and InstructBLIP as folders in the hub's form, and what transformers computes of them.

    python3 make_qformer.py OUT [NAME ...]      # needs what make_golden.py needs
"""
import json
import os
import sys

import torch
import transformers as T

from make_golden import byte_level, eyes, numbers, randomise, save, sentence_pieces, watch, write

QUERIES, SIDE = 5, 32
QUESTION = "What is it?"


EYES = dict(hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE,
            patch_size=8)
ASKING = dict(hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
              cross_attention_frequency=2)


def blip2():
    t = byte_level(None, ["<pad>", "</s>", "<image>"], "</s>")
    text = dict(model_type="opt", vocab_size=t.get_vocab_size() + 4, hidden_size=48, ffn_dim=80,
                num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=128, word_embed_proj_dim=48,
                bos_token_id=t.token_to_id("</s>"), eos_token_id=t.token_to_id("</s>"),
                pad_token_id=t.token_to_id("<pad>"))
    c = T.Blip2Config(vision_config=EYES, qformer_config={**ASKING, "vocab_size": 8}, text_config=text,
                      num_query_tokens=QUERIES, image_token_index=t.token_to_id("<image>"))
    settings = {"bos_token": "</s>", "eos_token": "</s>", "add_bos_token": True}
    return T.Blip2ForConditionalGeneration(c), t, settings, f"Question: {QUESTION} Answer:"


# Words for every way in which a text is cut; what they lack is unknown.
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789.,?!'-",
          *("##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"), "what", "is", "it", "the", "pic", "##ture",
          "##s", "fox", "##es", "hello", "\u4e2d", "\u56fd", "stra", "##\u00dfe", "\u03c3", "##\u03c2", "\u2014", "un",
          "##want", "##ed", "running", "\u1112", "##\u1161", "##\u11ab"]
TEXTS = ["What is it?", "", "The PICTURE's foxes, 12 of them!", "D\u00e9j\u00e0 vu \u00c5ngstr\u00f6m \u0130",
         "\u4e2d\u56fdhello\u4e2d", "stra\u00dfe \u03a3\u03a3 \u03c3\u03c2", "unwanted\trunning\nfox--es\u2014it", "a\u0000b\u200bc \ud55c\u00a0x",
         "z" * 100, "z" * 101, "\u00e9" * 100, "[SEP] [CLS]", "caf\u00e9\u0301 e\u0301 \U0001f600 $5 a_b", "fox\u2028it\u3000the"]


def wordpiece():
    return T.BertTokenizer(vocab={w: i for i, w in enumerate(PIECES)})


def instructblip():
    t = sentence_pieces(["<image>"])
    text = {**numbers(t.get_vocab_size(), rms_norm_eps=1e-6, hidden_size=48, intermediate_size=64,
                      num_attention_heads=2, num_key_value_heads=2, bos_token_id=1, eos_token_id=2),
            "model_type": "llama"}
    c = T.InstructBlipConfig(vision_config=EYES, text_config=text, num_query_tokens=QUERIES,
                             qformer_config={**ASKING, "vocab_size": len(PIECES) + 3, "max_position_embeddings": 24},
                             image_token_index=t.token_to_id("<image>"))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}
    return T.InstructBlipForConditionalGeneration(c), t, settings, QUESTION


NAMES = {"blip2": (blip2, 95), "instructblip": (instructblip, 98)}  # seeds whose answers hold no end word


def ask(net, words, process, out, images, text, asked=None):
    """Pictures in front of the word that starts a text, as the published processor has them."""
    os.makedirs(out, exist_ok=True)
    image = words.convert_tokens_to_ids("<image>")
    ids = torch.tensor([[image] * (QUERIES * len(images)) + words(text).input_ids])
    x = process(images, return_tensors="pt")["pixel_values"]
    seen, rows = {"pixels": x[-1].reshape(-1, SIDE)}, {}
    watch(net.vision_model, rows, "v.post_ln")
    watch(net.language_projection, rows, "mm.fc")
    more = {"pixel_values": x}
    if hasattr(net.config.qformer_config, "use_qformer_text_input") is False:
        more["qformer_input_ids"] = torch.tensor([wordpiece()(asked or text).input_ids] * len(images))
    with torch.no_grad():
        net(input_ids=ids, **more)
    seen["v.post_ln"] = rows["v.post_ln"].last_hidden_state[-1]
    seen["mm.fc"] = rows["mm.fc"][-1]
    write(out, net, ids, seen, [words.eos_token_id], **more)


def make(out, name):
    build, seed = NAMES[name]
    net, tokenizer, settings, text = build()
    net = net.float().eval()
    randomise(net, seed, torch.float16)
    folder = f"{out}/{name}"
    save(folder, net, tokenizer, settings, torch.float16, {})
    cls = __import__("transformers.models.blip.image_processing_pil_blip", fromlist=["x"]).BlipImageProcessorPil
    process = cls(size={"height": SIDE, "width": SIDE})
    process.save_pretrained(folder)
    words = T.AutoTokenizer.from_pretrained(folder)
    if name == "instructblip":
        wordpiece().save_pretrained(f"{folder}/qformer_tokenizer")
        with open(f"{folder}/qformer_tokenizer/words.json", "w") as f:
            json.dump([[t, wordpiece()(t).input_ids] for t in TEXTS], f)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    ask(net, words, process, f"{folder}/one", pictures[:1], text)
    ask(net, words, process, f"{folder}/two", pictures, text)
    ask(net, words, process, f"{folder}/three", pictures + pictures[:1], text)
    os.makedirs(f"{folder}/none", exist_ok=True)  # the whole model wants a picture: what its decoder says without
    write(f"{folder}/none", net.language_model, words(text, return_tensors="pt").input_ids, {}, [words.eos_token_id])
    ask(net, words, process, f"{folder}/turns", pictures[:1], f"{text} It is a dog. {text}" if name == "blip2" else
        f"{text}It is a dog.{text}", text)
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="np")["pixel_values"][0]
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


def main():
    for name in NAMES:
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make(sys.argv[1], name)


if __name__ == "__main__":
    main()

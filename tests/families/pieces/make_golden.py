"""What transformers' processors make of pictures and words with vocabularies of SentencePiece.

    python3 make_golden.py OUT      # needs torch, transformers, tokenizers, PIL

Each case says what a person says, one thing after another, and the ids that the processor of the
published model makes of it, -1 for all rows of a picture. The models are those of ../folders, of
which nothing but the words counts; where theirs are single bytes, or to have the other form in which
such vocabularies are saved, OUT/NAME.json is a tokenizer.json in place of their own.
"""
import copy
import importlib.util
import json
import os
import shutil
import sys
import tempfile

import transformers as T
from PIL import Image

T.logging.set_verbosity_error()
FOLDERS = os.path.dirname(os.path.abspath(__file__)) + "/../folders"
spec = importlib.util.spec_from_file_location("keys_golden", FOLDERS + "/../keys/make_golden.py")
KEYS = importlib.util.module_from_spec(spec)
spec.loader.exec_module(KEYS)
PICTURE = Image.new("RGB", (20, 30), (200, 30, 60))
PIC = ["picture"]


def user(text):
    return ["user", text]


def part(text):
    return ["part", text]


def once(tokenizer):
    """As transformers 5 saves it: a blank before a text, none behind words of control."""
    t = copy.deepcopy(tokenizer)
    t["normalizer"] = None
    t["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    return t


def gemma_words(special, n):
    """Gemma's form: blanks become marks, none is put before; runs of new lines are words that were added."""
    letters = ["\u2581", *"abcdefghijklmnopqrstuvwxyzWITAUM?.:!"]
    pieces = ["<unk>", *(f"<0x{b:02X}>" for b in range(128)), *letters, "Wh", "at", "What", "\u2581it", "\u2581What", "it"]
    added = ["\n", "\n\n", "\n\n\n", "\u2581\u2581"]
    vocab = {w: i for i, w in enumerate(pieces + added)}
    vocab.update(special)
    merges = ["W h", "a t", "Wh at", "i t", "\u2581 it", "\u2581 What", "\u2581 \u2581"]
    words = [{"id": vocab[w], "content": w, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": w not in added} for w in ["<unk>", *added, *special]]
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}},
                                                         {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {"<bos>": {"id": "<bos>", "ids": [special["<bos>"]], "tokens": ["<bos>"]}}}
    assert len(vocab) <= n
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": sorted(words, key=lambda w: w["id"]),
            "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
            "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
                              "invert": False}, "post_processor": template, "decoder": None,
            "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                      "vocab": vocab, "merges": merges}}


def tokenizer_of(name, tokenizer, **settings):
    """Loaded as the published folder's would be."""
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/tokenizer.json", "w") as f:
            json.dump(tokenizer, f)
        with open(d + "/tokenizer_config.json", "w") as f:
            json.dump(settings, f)
        shutil.copy(f"{FOLDERS}/{name}/config.json", d)
        return T.AutoTokenizer.from_pretrained(d)


def own(name):
    with open(f"{FOLDERS}/{name}/tokenizer.json") as f:
        return json.load(f)


LLAMA = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", tokenizer_class="LlamaTokenizer")
FAST = dict(tokenizer_class="PreTrainedTokenizerFast")


def image_processor(name):
    return KEYS.process_of(f"{FOLDERS}/{name}")


def collapsed(ids, image, rows):
    out = []
    while ids:
        if ids[:rows] == [image] * rows:
            out.append(-1)
            ids = ids[rows:]
        else:
            out.append(ids.pop(0))
    return out


CASES = []


def case(name, words, say, ids, raw=False, settings=None):
    CASES.append({"folder": name, "tokenizer": words, "settings": settings, "raw": raw, "say": say, "ids": ids})
    print(name, words, say, ids)


def llava(name, words, tokens):
    image = tokens.convert_tokens_to_ids("<image>")

    def ids(text):  # the processor repeats the word for the rows, which changes nothing around it
        return collapsed(tokens(text).input_ids, image, 1)

    I = "<image>\n"
    case(name, words, [PIC, user("What?")], ids(f"USER: {I}What? ASSISTANT:"))
    case(name, words, [PIC, PIC, user("What?")], ids(f"USER: {I}{I}What? ASSISTANT:"))
    case(name, words, [part("What "), PIC, user("at?")], ids(f"USER: What {I}at? ASSISTANT:"))
    case(name, words, [PIC, part("What "), PIC, user("at?")], ids(f"USER: {I}What {I}at? ASSISTANT:"))
    case(name, words, [PIC, user("What?"), ["assistant", "A hat"], PIC, user("What hat?")],
         ids(f"USER: {I}What? ASSISTANT: A hat</s>USER: {I}What hat? ASSISTANT:"))
    case(name, words, [PIC, user("What?")], ids(f"{I}What?"), True)
    case(name, words, [PIC, PIC, user("What?")], ids(f"{I}{I}What?"), True)
    case(name, words, [part("What"), PIC, user("at?")], ids(f"What{I}at?"), True)


def gemma3(words, tokenizer):
    special = dict(boi_token="<start_of_image>", eoi_token="<end_of_image>", image_token="<image_soft_token>",
                   bos_token="<bos>", eos_token="<end_of_turn>", unk_token="<unk>")
    tokens = tokenizer_of("gemma3", tokenizer, **special, **FAST)
    for key, word in special.items():
        setattr(tokens, key, word)
    tokens.image_token_id = tokens.convert_tokens_to_ids("<image_soft_token>")
    process = T.Gemma3Processor(image_processor("gemma3"), tokens, image_seq_length=16)

    def ids(text, n):
        y = process(text=text, images=[[PICTURE] * n] if n else None)
        return collapsed(list(y["input_ids"][0]), tokens.image_token_id, 16)

    start, I = "<bos><start_of_turn>user\n", "<start_of_image>"
    end, gap = "<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>\n<start_of_turn>"
    process.tokenizer.post_processor = None
    bare = lambda text, n: ids(text, n)[1:]  # the template writes <bos>, so the tokenizer does not
    case("gemma3", words, [PIC, user("What?")], bare(f"{start}{I}What?{end}", 1))
    case("gemma3", words, [PIC, PIC, user("What?")], bare(f"{start}{I}{I}What?{end}", 2))
    case("gemma3", words, [part("What"), PIC, user("is it?")], bare(f"{start}What{I}is it?{end}", 1))
    case("gemma3", words, [PIC, part("What"), PIC, user("is it?")], bare(f"{start}{I}What{I}is it?{end}", 2))
    case("gemma3", words, [part("What"), PIC, user("")], bare(f"{start}What{I}{end}", 1))
    case("gemma3", words, [PIC, user("What?"), ["assistant", "A  hat."], PIC, user("What\n\nis it?")],
         bare(f"{start}{I}What?{gap}model\nA  hat.{gap}user\n{I}What\n\nis it?{end}", 2))
    case("gemma3", words, [PIC, user("What?")], ids(f"{I}What?", 1), True)
    case("gemma3", words, [PIC, PIC, user("What?")], ids(f"{I}{I}What?", 2), True)
    case("gemma3", words, [part("What"), PIC, user(" is it?")], ids(f"What{I} is it?", 1), True)


def paligemma(words, tokenizer):
    tokens = tokenizer_of("paligemma", tokenizer, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>",
                          add_bos_token=False, **FAST)
    tokens.image_token = "<image>"
    tokens.image_token_id = tokens.convert_tokens_to_ids("<image>")
    process = image_processor("paligemma")
    process.image_seq_length = 16
    process = T.PaliGemmaProcessor(process, tokens)

    def ids(text, n):
        y = process(text="<image>" * n + text, images=[[PICTURE] * n], add_special_tokens=False)
        return collapsed(list(y["input_ids"][0]), tokens.convert_tokens_to_ids("<image>"), 16)

    for raw in (False, True):
        case("paligemma", words, [PIC, user("What is it?")], ids("What is it?", 1), raw)
        case("paligemma", words, [PIC, PIC, user("What is it?")], ids("What is it?", 2), raw)
        # As transformers saves it: whatever stands there, the processor writes <bos>.
        case("paligemma", words, [PIC, user("What is it?")], ids("What is it?", 1), raw,
             {"add_bos_token": False, "bos_token": "<bos>", "eos_token": "<eos>"})


def idefics2(words, tokens):
    process = image_processor("idefics2")
    process.do_image_splitting = False
    process = T.Idefics2Processor(process, tokens, image_seq_len=6)

    def ids(text, n):
        y = process(text=text, images=[[PICTURE] * n])
        return collapsed(list(y["input_ids"][0]), tokens.convert_tokens_to_ids("<image>"), 6)

    I, end = "<image>", "<end_of_utterance>\nAssistant:"
    one = "idefics2"
    case(one, words, [PIC, user("What is it?")], ids(f"User:{I}What is it?{end}", 1))
    case(one, words, [PIC, PIC, user("What is it?")], ids(f"User:{I}{I}What is it?{end}", 2))
    case(one, words, [part("The dog "), PIC, user("What?")], ids(f"User: The dog {I}What?{end}", 1))
    case(one, words, [PIC, part("The dog "), PIC, user("What?")], ids(f"User:{I}The dog {I}What?{end}", 2))
    case(one, words, [part("The dog "), PIC, user("")], ids(f"User: The dog {I}{end}", 1))
    case(one, words, [PIC, user("What?"), ["assistant", "A dog."], PIC, user("What is it?")],
         ids(f"User:{I}What?{end} A dog.<end_of_utterance>\nUser:{I}What is it?{end}", 2))
    case(one, words, [PIC, user("What is it?")], ids(f"{I}What is it?", 1), True)
    case(one, words, [PIC, PIC, user("What is it?")], ids(f"{I}{I}What is it?", 2), True)
    case(one, words, [part("The dog "), PIC, user("What?")], ids(f"The dog {I}What?", 1), True)
    if words:  # of a blank behind a picture versions of transformers make one word or two with the older form
        case(one, words, [part("The dog "), PIC, user(" is it?")], ids(f"The dog {I} is it?", 1), True)
    case(one, words, [part("The dog "), PIC, user("\nWhat?")], ids(f"The dog {I}\nWhat?", 1), True)


def instructblip(words, tokens):
    image = tokens.convert_tokens_to_ids("<image>")

    def ids(text, n):  # the processor puts the pictures before all words
        return collapsed([image] * (5 * n) + tokens(text).input_ids, image, 5)

    for raw in (False, True):
        case("instructblip", words, [PIC, user("What is it?")], ids("What is it?", 1), raw)
        case("instructblip", words, [PIC, PIC, user("What is it?")], ids("What is it?", 2), raw)


def idefics(words, tokens):
    tokens.pad_token = "</s>"
    process = T.IdeficsProcessor(image_processor("idefics"), tokens, image_size=32)

    def ids(items):
        return process(text=[items], return_tensors="pt")["input_ids"][0].tolist()

    # <image> is a word of its own here and stands for no rows
    def mine(say, items, raw=False):
        case("idefics", words, say, ids(items), raw)
    end = "<end_of_utterance>\nAssistant:"
    mine([PIC, user("What is it?")], ["User:", PICTURE, "What is it?" + end])
    mine([PIC, PIC, user("What is it?")], ["User:", PICTURE, PICTURE, "What is it?" + end])
    mine([PIC, user("What?"), ["assistant", "A dog."], PIC, user("What is it?")],
         ["User:", PICTURE, f"What?{end} A dog.<end_of_utterance>\nUser:", PICTURE, "What is it?" + end])
    mine([PIC, user("What is it?")], [PICTURE, "What is it?"], True)
    mine([PIC, PIC, user("What is it?")], [PICTURE, PICTURE, "What is it?"], True)
    mine([part("The dog"), PIC, user("What?")], ["The dog", PICTURE, "What?"], True)


def kosmos2(tokens):
    process = T.Kosmos2Processor(image_processor("kosmos2"), tokens)

    def ids(text):
        y = process(images=PICTURE, text=text, num_image_tokens=6)
        ids, mask = list(y["input_ids"]), list(y["image_embeds_position_mask"])
        at = mask.index(1)
        return ids[:at] + [-1] + ids[at + 6:]

    case("kosmos2", "", [PIC, user("What is it?")], ids("<grounding>What is it?"))
    case("kosmos2", "", [PIC, user("What is it?")], ids("What is it?"), True)


def main():
    out = sys.argv[1]
    made = {"gemma3": gemma_words({w: 256 + i for i, w in enumerate(
        ["<bos>", "<end_of_turn>", "<start_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>"])}, 263),
        "paligemma": gemma_words({"<bos>": 256, "<eos>": 257, "<image>": 258}, 260)}
    for name in ("idefics2", "instructblip", "idefics"):
        made[name + "_once"] = once(own(name))
    with open(os.path.dirname(os.path.abspath(__file__)) + "/llava.json") as f:
        made["llava"] = json.load(f)  # written by hand
    made["llava_once"] = once(made["llava"])
    for name, tokenizer in made.items():
        with open(f"{out}/{name}.json", "w") as f:
            json.dump(tokenizer, f, separators=(",", ":"))
    for name in ("llava", "llava_next"):
        for words in ("llava", "llava_once"):
            llava(name, words, tokenizer_of(name, made[words], **LLAMA))
    gemma3("gemma3", made["gemma3"])
    paligemma("paligemma", made["paligemma"])
    for name, ask in (("idefics2", idefics2), ("instructblip", instructblip), ("idefics", idefics)):
        ask("", tokenizer_of(name, own(name), legacy=True, add_bos_token=True, **LLAMA))
        ask(name + "_once", tokenizer_of(name, made[name + "_once"], legacy=False, add_bos_token=True, **LLAMA))
    kosmos2(T.AutoTokenizer.from_pretrained(FOLDERS + "/kosmos2"))
    with open(f"{out}/cases.json", "w") as f:
        f.write("[" + ",\n".join(json.dumps(c) for c in CASES) + "]\n")


if __name__ == "__main__":
    main()

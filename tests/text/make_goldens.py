#!/usr/bin/env python3
"""Writes tests/text/data: two small vocabularies as GGUF files, texts, and the ids that independent
tokenizers (the packages `tokenizers` and `sentencepiece`) give for them.

    pip install tokenizers sentencepiece gguf
    python3 tests/text/make_goldens.py

It also writes small files, sound and unsound ones, as seeds for tests/fuzz/fuzz_tokenizer.c.

Files
  bpe.gguf      byte-level BPE, trained without a pre-tokenizer, so that its words run across every
                border a pre-tokenizer may draw: a border in the wrong place changes the ids
  spm.gguf      SentencePiece BPE with byte fallback
  texts.hex     a text a line, its bytes in hexadecimal digits
  NAME.ids      a line for each text: its ids. NAME is a pre-tokenizer (with bpe.gguf and control
                words found in the text), or spm-prefix and spm-plain (a blank before the text or
                not; control words are text)
"""
import io
import json
import os
import random

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER = ["<image>", "<tab>"]
SPM_CONTROL = ["<|end|>"]

APOSTROPHE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LINES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
LETTERS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
SIGNS = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
LEAD = r"[^\r\n\p{L}\p{N}]?"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def cased(after, digits):
    signs = r" ?[^\s\p{L}\p{N}]+[\r\n/]*"
    return "|".join([LEAD + UPPER + "*" + LOWER + "+" + after, LEAD + UPPER + "+" + LOWER + "*" + after,
                     digits, signs, LINES])


def letters_then(digits):
    return "|".join([APOSTROPHE, LETTERS, digits, SIGNS, LINES])


# None stands for a step that the package has a class of its own for.
PATTERNS = {
    "gpt-2": None,
    "smollm": None,
    "llama-bpe": [letters_then(r"\p{N}{1,3}")],
    "qwen2": [letters_then(r"\p{N}")],
    "qwen35": ["|".join([APOSTROPHE, LEAD + r"[\p{L}\p{M}]+", r"\p{N}",
                         r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*", LINES])],
    "gpt-4o": [cased(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", r"\p{N}{1,3}")],
    "tekken": [cased("", r"\p{N}")],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "deepseek-v3": [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
                    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"
                    r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + LINES],
    "deepseek-coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+",
                       "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", r"\p{N}"],
}
WHOLE_WORDS = {"llama-bpe", "tekken"}


def pre_tokenizer(name):
    if name == "gpt-2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    steps = [pre_tokenizers.Split(Regex(p), "isolated") for p in PATTERNS[name]]
    return pre_tokenizers.Sequence(
        steps + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def with_specials(tokenizer):
    tokenizer.add_special_tokens([AddedToken(w, special=True, normalized=False) for w in CONTROL])
    tokenizer.add_tokens([AddedToken(w, special=False, normalized=False) for w in USER])
    return tokenizer


SENTENCES = """
A cat sleeps on the red chair near the window. What is on the table? I can't see it, but they'll say it's there.
How many birds are there? There are 3 birds, 12 boats and 2048 stars; the 100th is blue. We've counted 1234567 of them.
HELLO World! IT'S A SIGN: "Open 9:00-17:30"... (closed on Sundays) e-mail: someone@example.org, see https://example.org/a?b=c#d
def area(width, height):\n    \"\"\"Area of a box.\"\"\"\n    return width * height  # in pixels\n\n\nprint(area(3, 4))
for (int i = 0; i < n; i++) {\n\tsum += a[i] * b[i];\n}\nif (x != y && !done) return -1;
Der Hund läuft über die grüne Straße. Überall stehen Bäume, größer als Häuser.
L'élève mange une pomme à côté de la fenêtre; où est la clé? C'est déjà fini, n'est-ce pas?
El niño pequeño dibuja un corazón. ¿Cuántos años tienes? ¡Qué día más bonito!
Собака бежит по улице. Сколько яблок на столе? Мы видели большой красный дом.
一只猫坐在红色的椅子上。桌子上有什么？我看见三个苹果和一本书。今天天气很好，我们去公园。
机の上に本があります。赤いりんごは三つです。カメラで写真を撮りました。
고양이가 빨간 의자 위에서 자고 있습니다. 사과가 몇 개 있나요?
القطة تنام على الكرسي الأحمر. كم عدد التفاحات على الطاولة؟ هذا كتاب جديد.
बिल्ली लाल कुर्सी पर सो रही है। मेज़ पर कितने सेब हैं? यह एक नई किताब है।
แมวนอนอยู่บนเก้าอี้สีแดง มีแอปเปิ้ลกี่ลูก
Η γάτα κοιμάται στην κόκκινη καρέκλα. Πόσα μήλα υπάρχουν;
👩‍👩‍👧‍👦 goes to the 🏖️ with 👍🏽 and 🇺🇸 🇩🇪 flags, ❤️‍🔥 and 🏳️‍🌈; 1️⃣ 2️⃣ 3️⃣
""".strip().split("\n")
THINGS = "cat dog bird car boat house tree star circle square triangle apple book cup hat".split()
COLOURS = "red green blue yellow black white purple orange pink brown grey".split()
PLACES = ["left of", "right of", "above", "below", "near", "behind", "in front of"]


def sentences():
    return [s.replace("\\n", "\n").replace("\\t", "\t") for s in SENTENCES]


def corpus(rng):
    made = sentences() * 6
    for _ in range(600):
        a, b = rng.sample(THINGS, 2)
        p, q = rng.sample(COLOURS, 2)
        made.append(rng.choice([
            f"The {p} {a} is {rng.choice(PLACES)} the {q} {b}.\n",
            f"How many {a}s are there? {rng.randint(0, 999)}.\n\n",
            f"{a.upper()}'S {p.title()}: {rng.randint(0, 99999)},  {q}!?\r\n",
            f"    if {a}_{b} >= {rng.randint(0, 99)}:\n        return [\"{p}\", '{q}']\n",
        ]))
    rng.shuffle(made)
    return made


POOLS = [
    "abc XYZ", "  \t\n\r\n  ", "0123456789 ١٢٣ ½Ⅷ²", "你好世界，。！中文字符", "العربية مرحبا", "नमस्ते क्षत्रिय",
    "👩‍👩‍👧‍👦👍🏽🇺🇸❤️‍🔥🏴\U000e0067\U000e0062\U000e007f", "'s 't 're 've 'm 'll 'd 'S 'T 'RE 'Ve 'ſ",
    "\x00\x01\x07\x1b\x7f\x80\x85\u00a0\u1680\u180e\u2003\u200b\u2028\u2029\u202f\u205f\u3000\ufeff",
    "_-+=*/\\|{}[]<>@#$%^&~`.,:;!?\"'", "éàüñßœ ÀÉÎ", "ё Привет", "日本語 カタカナ ｶﾀ 한국어", "ไทย ลาว",
    "a\u0301\u0302 \u0300\u0301", "𝔘𝔫𝔦 𐐀𐐨 \U0010ffff\ud7ff\ue000", "ǅ ª º ʰ ﬁ İ ı",
]
SEEDS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_st", "<image>", "<tab>", "<s>", "</s>", "<0x41>"]


def texts(rng, n):
    made = ["", " ", "  ", "\n", "a", "\u2581", " \u2581 a", "\x00", "<", "<|im_start|>user\nHi<|im_end|>\n"]
    made += [c * k + tail for c in "a 0\n_A\u4f60" for k in (2, 3, 4, 70) for tail in ("", "x")]
    made += sentences()
    while len(made) < n:
        kind = rng.random()
        if kind < 0.5:
            chosen = [rng.choice(POOLS) for _ in range(rng.randint(1, 3))]
            made.append("".join(rng.choice(rng.choice(chosen)) for _ in range(rng.randint(1, 24))))
        elif kind < 0.6:
            made.append("".join(rng.choice([rng.choice(SEEDS), rng.choice(POOLS[0])]) for _ in range(6)))
        elif kind < 0.7:
            made.append("".join(chr(rng.choice([rng.randrange(0x800), rng.randrange(0xd800)]))
                                for _ in range(rng.randint(1, 12))))
        else:
            words = rng.choice(sentences()).split(" ")
            at = rng.randrange(len(words))
            made.append(rng.choice(["", " ", "\n", "\t"]) + " ".join(words[at:at + rng.randint(1, 6)]))
    return made


def train_bpe(lines):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=1200, min_frequency=3, max_token_length=9, show_progress=False,
        special_tokens=CONTROL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_tokens([AddedToken(w, special=False, normalized=False) for w in USER])
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    words = sorted(model["vocab"], key=model["vocab"].get) + USER
    return words, merges


def bpe(words, merges, name):
    vocab = {w: i for i, w in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=name in WHOLE_WORDS))
    tokenizer.pre_tokenizer = pre_tokenizer(name)
    return with_specials(tokenizer)


def train_spm(lines):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type="bpe", vocab_size=1000,
        byte_fallback=True, split_digits=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, add_dummy_prefix=True,
        character_coverage=0.98, user_defined_symbols=USER, control_symbols=SPM_CONTROL,
        minloglevel=2)
    return model.getvalue()


def spm(model, prefix):
    from sentencepiece import sentencepiece_model_pb2 as pb
    proto = pb.ModelProto.FromString(model)
    proto.normalizer_spec.add_dummy_prefix = prefix
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString()), proto


def write_gguf(path, kind, words, types, scores=None, merges=None, ids=None):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model(kind)
    w.add_token_list(words)
    w.add_token_types(types)
    if scores:
        w.add_token_scores(scores)
    if merges is not None:
        w.add_token_merges([" ".join(m) for m in merges])
        w.add_tokenizer_pre("gpt-2")
    for key, value in (ids or {}).items():
        getattr(w, f"add_{key}_token_id")(value)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()


def write_ids(folder, name, rows):
    with open(os.path.join(folder, name + ".ids"), "w") as f:
        f.writelines(" ".join(map(str, ids)) + "\n" for ids in rows)


def seeds(folder):
    """Vocabularies of a few words: whole ones, and each with one fault."""
    os.makedirs(folder, exist_ok=True)

    def bpe_seed(name, **other):
        with_letters = [chr(c) for c in range(33, 60)] + ["\u0120", "\u010a", "H", "i", "e", "r", "u", "s"]
        words = with_letters + ["er", "us", "user", "Hi"] + CONTROL + USER
        fields = {"types": [1] * (len(words) - 5) + [3] * 3 + [4] * 2,
                  "merges": [("e", "r"), ("u", "s"), ("us", "er"), ("H", "i")], "ids": {"eos": 40}}
        fields.update(other)
        write_gguf(os.path.join(folder, name), "gpt2", words, **fields)

    def spm_seed(name, byte="<0x41>", **other):
        words = ["<unk>", "<s>", "</s>", byte, "<0x0A>", "\u2581", "H", "i", "\u2581Hi", "Hi", "us", "u", "s"]
        fields = {"types": [2, 3, 3, 6, 6] + [1] * 8, "scores": [float(-i) for i in range(len(words))],
                  "ids": {"bos": 1, "eos": 2}}
        fields.update(other)
        write_gguf(os.path.join(folder, name), "llama", words, **fields)

    bpe_seed("bpe.gguf")
    bpe_seed("bpe-types-short.gguf", types=[1, 1])
    bpe_seed("bpe-merge-unknown.gguf", merges=[("e", "nix")])
    bpe_seed("bpe-id-range.gguf", ids={"eos": 4000})
    spm_seed("spm.gguf")
    spm_seed("spm-byte-sign.gguf", byte="<0x-1>")
    spm_seed("spm-scores-short.gguf", scores=[0.0])
    spm_seed("spm-score-nan.gguf", scores=[float("nan")] * 13)
    with open(os.path.join(folder, "text"), "wb") as f:
        f.write("<|im_start|>user\nIt's 2048 \u4f60\u597d <image> \U0001f469\u200d\U0001f467".encode() + b"\xff\xf0\x9f")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(here, "data")
    seeds(os.path.join(here, "../fuzz/corpus/tokenizer"))
    rng = random.Random(7)
    lines = corpus(rng)
    chosen = texts(rng, 240)
    with open(os.path.join(folder, "texts.hex"), "w") as f:
        f.writelines(t.encode().hex() + "\n" for t in chosen)

    words, merges = train_bpe(lines)
    types = [3 if w in CONTROL else 4 if w in USER else 1 for w in words]
    write_gguf(os.path.join(folder, "bpe.gguf"), "gpt2", words, types, merges=merges,
               ids={"bos": 1, "eos": 2})
    for name in PATTERNS:
        tokenizer = bpe(words, merges, name)
        write_ids(folder, name, [tokenizer.encode(t, add_special_tokens=False).ids for t in chosen])

    model = train_spm(lines)
    for name, prefix in (("spm-prefix", True), ("spm-plain", False)):
        tokenizer, proto = spm(model, prefix)
        # A blank before a user-defined word is where the implementations of this kind part ways.
        skip = [prefix and any(u in t for u in USER) for t in chosen]
        write_ids(folder, name, [[-1] if s else tokenizer.encode(t) for t, s in zip(chosen, skip)])
    pieces = proto.pieces
    write_gguf(os.path.join(folder, "spm.gguf"), "llama", [p.piece for p in pieces],
               [p.type for p in pieces], scores=[p.score for p in pieces],
               ids={"bos": 1, "eos": 2, "unk": 0})


if __name__ == "__main__":
    main()

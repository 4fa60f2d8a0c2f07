#!/usr/bin/env python3
"""Writes tests/text/data/lines.sums: the ids that the packages `tokenizers`, `sentencepiece` and `tiktoken` give
for the lines of lines.c, as a sum a hundred lines; with the vocabularies that lie there and the
tokenizer.json of some folders of tests/families.

    test_text_lines print | python3 tests/text/make_lines.py [FOLDER]      # tiktoken, too, is needed

With a FOLDER the ids themselves go there too, a file NAME a kind and a row a line ("-": not
compared), to be set beside `test_text_lines ids NAME`.
"""
import base64
import os
import sys

import gguf
import sentencepiece
import tiktoken
import tokenizers
from sentencepiece import sentencepiece_model_pb2 as pb

import make_goldens

STEP = 100
FOLDERS = ["llama", "mistral", "mistral3", "qwen2", "smolvlm", "unigram", "unigram_marked"]
OWN = ["pieces_bpe", "pieces_unigram"]  # likewise, with a tokenizer.model
RANKED = ["qwenvl"]  # likewise, with a qwen.tiktoken
SPECIAL = ["<image>", "<unk>", "<s>", "</s>"]  # text to sentencepiece  # of tests/families/folders


def fields(path, *names):
    reader = gguf.GGUFReader(path)
    return [reader.fields["tokenizer.ggml." + name].contents() for name in names]


def spm(path, prefix):
    proto = pb.ModelProto()
    for word, score, kind in zip(*fields(path, "tokens", "scores", "token_type")):
        proto.pieces.add(piece=word, score=score, type=kind)
    proto.trainer_spec.model_type = pb.TrainerSpec.BPE
    proto.trainer_spec.byte_fallback = True
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = prefix
    proto.normalizer_spec.remove_extra_whitespaces = False
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


def encoders(folder):
    words, merges = fields(os.path.join(folder, "bpe.gguf"), "tokens", "merges")
    merges = [tuple(m.split(" ")) for m in merges]
    for name in make_goldens.PATTERNS:
        tokenizer = make_goldens.bpe(words, merges, name)
        yield name, lambda t, e=tokenizer: e.encode(t, add_special_tokens=False).ids
    for name, prefix in (("spm-prefix", True), ("spm-plain", False)):
        tokenizer = spm(os.path.join(folder, "spm.gguf"), prefix)
        skip = make_goldens.USER if prefix else []
        yield name, lambda t, e=tokenizer, s=skip: None if any(w in t for w in s) else e.encode(t)
    for name in FOLDERS:
        path = os.path.join(folder, "../../families/folders", name, "tokenizer.json")
        tokenizer = tokenizers.Tokenizer.from_file(path)
        yield "folder-" + name, lambda t, e=tokenizer: e.encode(t, add_special_tokens=False).ids


def own(folder):
    for name in OWN:
        path = os.path.join(folder, "../../families/folders", name, "tokenizer.model")
        words = sentencepiece.SentencePieceProcessor(model_file=path)
        yield "folder-" + name, lambda t, e=words: None if any(w in t for w in SPECIAL) else e.encode(t)


def by_rank(folder):
    """qwen.tiktoken; words of control have the ids behind its own."""
    for name in RANKED:
        with open(os.path.join(folder, "../../families/folders", name, "qwen.tiktoken"), "rb") as f:
            ranks = {base64.b64decode(w): int(i) for w, i in (line.split() for line in f)}
        words = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{i}|>" for i in range(205)),
                 "<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>", "<img>", "</img>", "<imgpad>"]
        e = tiktoken.Encoding(name, pat_str=make_goldens.letters_then(r"\p{N}"), mergeable_ranks=ranks,
                              special_tokens={w: len(ranks) + i for i, w in enumerate(words)})
        yield "folder-" + name, lambda t, e=e: e.encode(t, allowed_special="all")


def add(value, word):
    for byte in (word & 0xFFFFFFFF).to_bytes(4, "little"):
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def sums(rows):
    for start in range(0, len(rows), STEP):
        value = 2166136261
        for ids in rows[start:start + STEP]:
            for word in ids + [-1] if ids is not None else []:
                value = add(value, word)
        yield f"{value:08x}"


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    lines = [bytes.fromhex(line.strip()).decode() for line in sys.stdin]
    with open(os.path.join(folder, "lines.sums"), "w") as out:
        for name, encode in [*encoders(folder), *own(folder), *by_rank(folder)]:
            rows = [encode(line) if line else None for line in lines]
            out.write(" ".join([name, *sums(rows)]) + "\n")
            if len(sys.argv) < 2:
                continue
            with open(os.path.join(sys.argv[1], name), "w") as f:
                f.writelines("-\n" if r is None else "".join(f"{i} " for i in r) + "\n" for r in rows)


if __name__ == "__main__":
    main()

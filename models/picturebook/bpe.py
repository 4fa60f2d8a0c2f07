"""Byte-level BPE as in GPT-2: trained on the generator's own sentences, small enough to read."""
import collections
import re

SPECIAL = ["<|start|>", "<|user|>", "<|assistant|>", "<|end|>", "<|image|>"]
START, USER, ASSISTANT, END, IMAGE = range(5)

# The GPT-2 pattern; the sentences are ASCII, so letters and digits are spelled out.
PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def byte_letters():
    """The printable letter that stands for each byte in vocabulary entries."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters, extra = {}, 0
    for b in range(256):
        letters[b] = chr(b) if b in plain else chr(256 + extra)
        extra += b not in plain
    return letters


LETTER = byte_letters()


def spelled(piece):
    return tuple(LETTER[b] for b in piece.encode())


def join(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return tuple(out)


def train(sentences, n_merges):
    """[(left, right)] in order of rank."""
    counts = collections.Counter(p for s in sentences for p in PIECES.findall(s))
    words = {spelled(p): n for p, n in counts.items()}
    merges = []
    while len(merges) < n_merges:
        pairs = collections.Counter()
        for symbols, n in words.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        if pairs[best] < 8:
            break
        merges.append(best)
        words = {join(s, best): n for s, n in words.items()}
    return merges


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.words = SPECIAL + [LETTER[b] for b in range(256)] + [a + b for a, b in self.merges]
        self.ids = {w: i for i, w in enumerate(self.words)}
        self.rank = {m: i for i, m in enumerate(self.merges)}
        self.known = {}

    def piece(self, piece):
        if piece not in self.known:
            symbols = spelled(piece)
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda p: self.rank.get(p, 1 << 30))
                if best not in self.rank:
                    break
                symbols = join(symbols, best)
            self.known[piece] = [self.ids[s] for s in symbols]
        return self.known[piece]

    def encode(self, text):
        return [i for p in PIECES.findall(text) for i in self.piece(p)]

    def decode(self, ids):
        back = {v: k for k, v in LETTER.items()}
        return bytes(back[c] for i in ids if i >= len(SPECIAL) for c in self.words[i]).decode("utf-8", "replace")

"""Stores pictures with questions and answers for the tests: python3 questions.py FOLDER

They are compositions like those of evaluate.py, of another seed, made of the emoji font's pictures (SIL
Open Font License), of plain shapes and of letters only. FOLDER gets the pictures and questions.jsonl, in
the form that `vidi ask --batch` reads, with the kind and the answer beside it.
"""
import json
import os
import sys

from PIL import Image

import evaluate
import sources

SEED = 7
EACH = {"what": 6, "colour": 6, "shape": 4, "among": 6, "yesno": 6, "count": 4, "word": 4, "digits": 4}


def emoji_only(kinds):
    """The first picture of a kind is the font's."""
    return {name: {"train": kind["train"][:1], "held": []} for name, kind in kinds.items()}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    kinds = emoji_only(sources.load_kinds())
    with open(os.path.join(folder, "questions.jsonl"), "w") as out:
        for kind, n in EACH.items():
            for i, (picture, question, answer) in enumerate(evaluate.questions_of(kind, n, kinds, SEED)):
                name = f"{kind}{i}.jpg"
                Image.fromarray(picture).save(os.path.join(folder, name), quality=93, subsampling=0)
                out.write(json.dumps({"image": name, "prompt": question, "answer": answer, "kind": kind}) + "\n")


if __name__ == "__main__":
    main()

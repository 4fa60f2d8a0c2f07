"""Measures picturebook on fresh compositions, by kind of question.

    python3 evaluate.py --vidi ../../build/vidi                 # through the program, shipped model
    python3 evaluate.py --vidi ../../build/vidi -m other.gguf
    python3 evaluate.py --torch picturebook.gguf                # PyTorch on the dequantised weights

The compositions' seeds are never used in training; "held" asks for the name of things in pictures
whose files training never sees. An answer counts only if it is the expected text, letter for letter.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

import data
import export
import sources

SEED = 0x5EED_E7A1  # far from every seed of train.py

# kind of question -> scenes it is taken from, in turn
SCENES = {"what": [data.scene_thing], "held": [data.scene_thing],
          "colour": [data.scene_shapes, data.scene_count, data.scene_text, data.scene_thing],
          "shape": [data.scene_shapes], "among": [data.scene_shapes],
          "yesno": [data.scene_thing, data.scene_shapes, data.scene_count, data.scene_mixed],
          "held yesno": [data.scene_thing],
          "count": [data.scene_count], "position": [data.scene_shapes, data.scene_mixed],
          "word": [data.scene_text], "digits": [data.scene_text],
          "describe": [data.scene_thing, data.scene_shapes, data.scene_count, data.scene_text]}
# The kinds of data.py that a kind asks, where it is not the one of its own name. "among" asks for
# the colour of one or the form of one where three or four shapes lie.
ASKED = {"held": ["what"], "held yesno": ["yesno"], "among": ["colour", "shape"]}


def fits(kind, asked, question, answer, drawn, wanted):
    """Whether a question of that kind of data.py belongs to the measured kind."""
    if asked not in ASKED.get(kind, [kind]) or wanted not in (None, answer):
        return False
    if "background" in question:  # as easy whatever lies on it
        return False
    return (kind != "count" or answer != "Six.") and (kind != "among" or len(drawn) > 2)


def questions_of(kind, n, kinds, seed):
    """n times (picture, question, answer), each of another composition."""
    rng = np.random.default_rng([SEED, seed, list(SCENES).index(kind)])
    held = [name for name, k in kinds.items() if k["held"]] if "held" in kind else None
    out, tries = [], 0
    while len(out) < n:
        scene = SCENES[kind][tries % len(SCENES[kind])]
        # Rounds of yes/no want one answer after the other, so that guessing gives one half.
        wanted = ("Yes.", "No.")[tries // len(SCENES[kind]) % 2] if "yesno" in kind else None
        tries += 1
        picture, turns, drawn = data.scene(rng, kinds, scene, held)[:3]
        fitting = [(q, a) for k, q, a in turns if fits(kind, k, q, a, drawn, wanted)]
        if fitting:
            out.append((picture,) + fitting[int(rng.integers(len(fitting)))])
    return out


def ask_vidi(o, questions):
    """The program's answers, through one run of `vidi ask --batch`."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for i, (picture, question, _) in enumerate(questions):
            path = os.path.join(folder, f"{i}.png")
            Image.fromarray(picture).save(path)
            lines.append(json.dumps({"image": path, "prompt": question}))
        batch = os.path.join(folder, "batch.jsonl")
        with open(batch, "w") as f:
            f.write("\n".join(lines) + "\n")
        command = [o.vidi, "ask", "--batch", batch, "--temp", "0", "-n", "40"]
        done = subprocess.run(command + (["-m", o.model] if o.model else []),
                              stdout=subprocess.PIPE, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if len(answers) != len(questions):
        sys.exit(f"{o.vidi}: {len(answers)} answers to {len(questions)} questions, "
                 f"exit code {done.returncode}")
    for a in answers:
        if "error" in a:
            sys.exit(f"{o.vidi}: {a['error']}")
    return [a["text"] for a in answers]


def ask_torch(o, questions):
    import torch
    import bpe
    import goldens
    import model
    net, tok = goldens.load(o.torch)
    answers = []
    for picture, question, _ in questions:
        pixels = model.normalise(torch.from_numpy(picture.copy())[None])
        ids = [bpe.START, bpe.USER] + tok.encode(question) + [bpe.ASSISTANT]
        said = goldens.answer_ids(net, pixels, ids, 40)
        answers.append(tok.decode(said))
    return answers


TARGETS = {"what": 60, "colour": 90, "shape": 90, "yesno": 90, "count": 80, "word": 60, "digits": 60}


def write_card(path, score, n, pictures):
    """Puts the table of accuracies between the card's two marks."""
    with open(path) as f:
        card = f.read()
    head, rest = card.split("<!-- measured -->\n")
    tail = rest.split("<!-- /measured -->\n")[1]
    rows = [f"{n} compositions of each kind, after {pictures:,} pictures of training.", "",
            "| kind of question | exact | aim |", "|---|---|---|"]
    rows += [f"| {kind} | {100 * v:.0f} % | {f'{TARGETS[kind]} %' if kind in TARGETS else ''} |"
             for kind, v in score.items()]
    with open(path, "w") as f:
        f.write(head + "<!-- measured -->\n" + "\n".join(rows) + "\n<!-- /measured -->\n" + tail)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--vidi", help="the program")
    p.add_argument("-m", "--model", help="a GGUF file for it (default: the one inside)")
    p.add_argument("--torch", metavar="GGUF", help="measure in PyTorch instead")
    p.add_argument("-n", type=int, default=100, help="compositions of each kind (default 100)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--kinds", default=",".join(SCENES), help="of " + ",".join(SCENES))
    p.add_argument("--show", type=int, default=0, help="print that many answers of each kind")
    p.add_argument("--json", help="write the accuracies there")
    p.add_argument("--card", help="write them into that README; wants -m or --torch")
    o = p.parse_args()
    if bool(o.vidi) == bool(o.torch):
        p.error("give one of --vidi and --torch")
    if o.card and not (o.model or o.torch):
        p.error("--card wants -m or --torch")
    if unknown := set(o.kinds.split(",")) - set(SCENES):
        p.error("no such kind: " + ", ".join(sorted(unknown)))
    kinds = sources.load_kinds()
    asked = {kind: questions_of(kind, o.n, kinds, o.seed) for kind in o.kinds.split(",")}
    flat = [q for questions in asked.values() for q in questions]
    answers = iter((ask_vidi if o.vidi else ask_torch)(o, flat))
    score = {}
    for kind, questions in asked.items():
        pairs = [(q, want, next(answers).strip()) for _, q, want in questions]
        score[kind] = sum(want == got for _, want, got in pairs) / len(pairs)
        print(f"{kind:9} {100 * score[kind]:5.1f} % of {len(pairs)}", flush=True)
        for question, want, got in pairs[:o.show]:
            print(f"    {'ok ' if want == got else '-- '} {question}  {want}  ->  {got}")
    if o.json:
        with open(o.json, "w") as f:
            json.dump({k: round(v, 4) for k, v in score.items()}, f, indent=1)
    if o.card:
        meta = export.read_metadata(o.model or o.torch)
        write_card(o.card, score, o.n, meta["picturebook.training.pictures"])


if __name__ == "__main__":
    main()

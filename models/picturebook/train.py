"""Trains picturebook: data made on the fly, seeds fixed, resumable.

    python3 train.py --work DIR --minutes 90            # from the start
    python3 train.py --work DIR --minutes 90 --resume   # goes on from DIR/checkpoint.pt
    python3 train.py --work DIR --minutes 90 --from-gguf picturebook.gguf

The learning rate falls over the given time, so any length gives a finished model.
"""
import argparse
import json
import os
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

import bpe
import data
import export
import model
import sources

TOKENS = 112  # words of a sequence, without the picture's rows
FRESH = 400  # steps in which new hints beside weights of a file only learn


def tokenizer_of(path, kinds):
    """The stored merges, or new ones from sentences of many scenes."""
    if os.path.exists(path):
        return bpe.Tokenizer(json.load(open(path)))
    rng = np.random.default_rng(7)
    sentences = [s for pair in data.TALK for s in pair] * 20
    for _ in range(6000):
        which = data.SCENES[int(rng.integers(len(data.SCENES)))][0]
        for kind, question, answer in data.scene(rng, kinds, which)[1]:
            sentences.append(question)
            if kind not in ("word", "digits") and which is not data.scene_text:
                sentences.append(answer)
    merges = bpe.train(sentences, 1024)
    json.dump(merges, open(path, "w"))
    return bpe.Tokenizer(merges)


def sequence(tok, turns):
    """(ids, is answer) of <|start|> and the turns that fit."""
    ids, answer = [bpe.START], [0]
    for question, said in turns:
        q = [bpe.USER] + tok.encode(question) + [bpe.ASSISTANT]
        a = tok.encode(said) + [bpe.END]
        if len(ids) + len(q) + len(a) > TOKENS:
            break
        ids += q + a
        answer += [0] * len(q) + [1] * len(a)
    return ids, answer


class Scenes(IterableDataset):
    def __init__(self, kinds, tok, seed, batch, mixture):
        self.kinds, self.tok, self.seed, self.batch = kinds, tok, seed, batch
        self.mixture = mixture
        self.known = {name: i for i, name in enumerate(data.fact_names(kinds))}
        self.places = {name: i for i, name in enumerate(data.mark_names(kinds))}
        self.cells = model.CONFIG["image_size"] >> len(model.CONFIG["stem"])

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            pictures, ids, answers, marks, weights = [], [], [], [], []
            facts = torch.zeros(self.batch, len(self.known))
            for row in range(self.batch):
                picture, qa, drawn, ground = data.scene(rng, self.kinds, scenes=self.mixture)
                mark, weight = data.marks(drawn, ground, self.places, self.cells)
                marks.append(mark)
                weights.append(weight)
                facts[row, data.facts(qa, self.known)] = 1
                turns = [(q, a) for _, q, a in (qa[i] for i in rng.permutation(len(qa)))]
                i, a = sequence(self.tok, turns)
                pictures.append(picture)
                ids.append(i)
                answers.append(a)
            longest = max(map(len, ids))
            pad = lambda rows, fill: torch.tensor([r + [fill] * (longest - len(r)) for r in rows])
            yield (torch.from_numpy(np.stack(pictures)), pad(ids, bpe.END), pad(answers, 0), facts,
                   torch.from_numpy(np.stack(marks)), torch.from_numpy(np.stack(weights)))


def talk_batch(tok, rng, n):
    """Text without a picture."""
    rows = [sequence(tok, [data.TALK[int(rng.integers(len(data.TALK)))] for _ in range(2)])
            for _ in range(n)]
    longest = max(len(i) for i, _ in rows)
    pad = lambda r: r + [0] * (longest - len(r))
    ids = torch.tensor([i + [bpe.END] * (longest - len(i)) for i, _ in rows])
    return ids, torch.tensor([pad(a) for _, a in rows])


def answer_loss(net, hidden, ids, answers):
    """Cross entropy of answer tokens; hidden are the rows of the words before them."""
    chosen = answers[:, 1:].bool()
    return F.cross_entropy(net.logits(hidden[:, :-1][chosen]), ids[:, 1:][chosen])


def step_loss(net, hints, tok, batch, rng, hinted, fresh):
    """hinted: weight of the hints beside the answers; None: the hints alone, the decoder rests.
    fresh: hints that know nothing yet learn, and do not disturb the encoder."""
    device = net.latents.device
    pictures, ids, answers, facts, marks, weights = (t.to(device) for t in batch)
    rows, latents = net.encode(
        model.normalise(pictures).contiguous(memory_format=torch.channels_last))
    hint = hints(*((rows.detach(), latents.detach()) if fresh else (rows, latents)),
                 facts, marks, weights)
    if hinted is None:
        return hint, hint
    # The row before the first word is the last one of the picture.
    hidden = net.spliced(latents, ids)[:, net.c["latents"]:]
    loss = answer_loss(net, hidden, ids, answers) + hinted * hint
    if rng.random() < 0.1:
        t_ids, t_answers = (t.to(device) for t in talk_batch(tok, rng, 8))
        loss = loss + 0.1 * answer_loss(net, net.hidden(net.embed(t_ids)), t_ids, t_answers)
    return loss, hint


def save(o, checkpoint, net, hints, optimiser, tok, state):
    torch.save(dict(net=net.state_dict(), hints=hints.state_dict(), optimiser=optimiser.state_dict(),
                    state=state, c=net.c), checkpoint + ".tmp")
    os.replace(checkpoint + ".tmp", checkpoint)
    export.write(net, tok, o.export, state)


def mixture(shares):
    weights = [float(v) for v in shares.split(",")]
    if len(weights) != len(data.SCENES) or sum(weights) <= 0:
        raise argparse.ArgumentTypeError(f"wants {len(data.SCENES)} shares")
    return [(f, w / sum(weights)) for (f, _), w in zip(data.SCENES, weights)]


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", default=os.path.expanduser("~/.cache/vidi-picturebook"))
    p.add_argument("--minutes", type=float, default=90)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--eyes", type=int, default=120000,
                   help="the first pictures teach only the encoder and the perceiver")
    p.add_argument("--mixture", type=mixture, default=data.SCENES,
                   help="shares of " + ", ".join(f.__name__ for f, _ in data.SCENES))
    p.add_argument("--hints", type=float, default=0.1, help="their weight beside the answers'")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--resume", action="store_true")
    p.add_argument("--from-gguf")
    p.add_argument("--export", default="picturebook.gguf")
    return p.parse_args()


def prepare(o, device):
    kinds = sources.load_kinds()
    here = os.path.dirname(os.path.abspath(__file__))
    tok = tokenizer_of(os.path.join(here, "merges.json"), kinds)
    net = model.Picturebook(dict(model.CONFIG, vocab=len(tok.words)))
    net.normalise_stem()
    state = dict(pictures=0, seconds=0.0, runs=0)
    hints = model.Hints(net.c, len(data.fact_names(kinds)), len(data.mark_names(kinds)))
    checkpoint = os.path.join(o.work, "checkpoint.pt")
    both = list(net.parameters()) + list(hints.parameters())
    optimiser = torch.optim.AdamW(both, lr=o.rate, betas=(0.9, 0.98), weight_decay=0.02)
    if o.resume and os.path.exists(checkpoint):
        stored = torch.load(checkpoint, map_location="cpu")
        net.load_state_dict(stored["net"])
        hints.load_state_dict(stored["hints"])
        optimiser.load_state_dict(stored["optimiser"])
        state = stored["state"]
    elif o.from_gguf:
        export.load_into(net, o.from_gguf)
        rng = np.random.default_rng([o.seed, 1])
        some = np.stack([data.scene(rng, kinds, scenes=o.mixture)[0] for _ in range(256)])
        net.calibrate_stem(model.normalise(torch.from_numpy(some)))
        state["pictures"] = export.read_metadata(o.from_gguf).get("picturebook.training.pictures", 0)
    state["runs"] += 1
    return kinds, tok, net.to(device, memory_format=torch.channels_last), hints.to(device), optimiser, state, checkpoint


def batches(o, kinds, tok, state):
    seed = o.seed + 7919 * (state["runs"] + state["pictures"])
    scenes = Scenes(kinds, tok, seed, o.batch, o.mixture)
    return DataLoader(scenes, batch_size=None, num_workers=o.workers, prefetch_factor=8)


def main():
    o = options()
    os.makedirs(o.work, exist_ok=True)
    torch.manual_seed(o.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    kinds, tok, net, hints, optimiser, state, checkpoint = prepare(o, device)
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {len(tok.words)} words, "
          f"{len(kinds)} kinds, {device}", flush=True)
    rng = np.random.default_rng([o.seed, state["runs"], state["pictures"]])
    start = told = saved = time.time()
    total, n, first = np.zeros(2), 0, state["pictures"]
    for i, batch in enumerate(batches(o, kinds, tok, state)):
        now = time.time()
        part = (now - start) / (o.minutes * 60)
        if part >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = o.rate * min(1, (i + 1) / 100) * (1 - part * 0.98)
        loss, hint = step_loss(net, hints, tok, batch, rng,
                               None if state["pictures"] < o.eyes else o.hints,
                               fresh=bool(o.from_gguf) and i < FRESH)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        total, n = total + [float(loss), float(hint)], n + 1
        state["pictures"] += o.batch
        if now - told > 20:
            print(f"{(now - start) / 60:6.1f} min  {state['pictures']} pictures  "
                  f"loss {total[0] / n:.4f}  hints {total[1] / n:.4f}  "
                  f"{(state['pictures'] - first) / (now - start):.1f} pictures/s", flush=True)
            told, total, n = now, np.zeros(2), 0
        if now - saved > 240:
            save(o, checkpoint, net, hints, optimiser, tok, state)
            saved = now
    save(o, checkpoint, net, hints, optimiser, tok, state)
    print(f"done: {state['pictures']} pictures", flush=True)


if __name__ == "__main__":
    sys.exit(main())

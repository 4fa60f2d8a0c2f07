"""Makes a tiny random OpenFlamingo in its three parts, the folder that examples/openflamingo_folder.py makes of them,
and what torch computes of it; and MPT alone.

    python3 make_flamingo.py OUT CONVERTER [SEED]      # needs what make_golden.py needs
    python3 make_flamingo.py OUT CONVERTER wide        # as wide as OpenFlamingo-3B, too large to be kept

MPT and CLIP are those of transformers; what OpenFlamingo adds is written here from its paper (arXiv 2308.01390) and
its names.
"""
import copy
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import torch
import transformers as T
from torch import nn

from make_golden import byte_level, eyes, randomise, save
from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor

SIDE, HEADS, DIM_HEAD, LATENTS, EVERY = 32, 4, 16, 6, 2
VISUAL, DIM = 48, 48
MPT = dict(n_heads=3, n_layers=4, max_seq_len=128)
CLIP = dict(intermediate_size=64, num_hidden_layers=2, num_attention_heads=3, patch_size=8)


def widen():
    """The published sizes, but of two layers each."""
    globals().update(SIDE=224, HEADS=8, DIM_HEAD=64, LATENTS=64, EVERY=1, VISUAL=1024, DIM=2048)
    MPT.update(n_heads=16, n_layers=2)
    CLIP.update(intermediate_size=4096, num_attention_heads=16, patch_size=14)


def split(x):
    return x.unflatten(-1, (HEADS, DIM_HEAD)).transpose(0, 1)


def attend(q, k, v, seen=None):
    """[rows][heads * dim_head] each; seen [q rows][k rows]."""
    scores = split(q * DIM_HEAD ** -0.5) @ split(k).transpose(1, 2)
    if seen is not None:
        scores = scores.masked_fill(~seen, -1e30)
    return (scores.softmax(-1) @ split(v)).transpose(0, 1).flatten(1)


class Asks(nn.Module):
    """Latents ask pictures and themselves."""

    def __init__(self):
        super().__init__()
        self.norm_media, self.norm_latents = nn.LayerNorm(VISUAL), nn.LayerNorm(VISUAL)
        self.to_q = nn.Linear(VISUAL, HEADS * DIM_HEAD, bias=False)
        self.to_kv = nn.Linear(VISUAL, 2 * HEADS * DIM_HEAD, bias=False)
        self.to_out = nn.Linear(HEADS * DIM_HEAD, VISUAL, bias=False)

    def forward(self, x, latents):
        x, latents = self.norm_media(x), self.norm_latents(latents)
        k, v = self.to_kv(torch.cat([x, latents])).chunk(2, -1)
        return self.to_out(attend(self.to_q(latents), k, v))


def feed_forward(dim):
    return nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 4 * dim, bias=False), nn.GELU(),
                         nn.Linear(4 * dim, dim, bias=False))


class Perceiver(nn.Module):
    def __init__(self):
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(LATENTS, VISUAL))
        self.layers = nn.ModuleList([nn.ModuleList([Asks(), feed_forward(VISUAL)]) for _ in range(2)])
        self.norm = nn.LayerNorm(VISUAL)

    def forward(self, x):
        latents = self.latents
        for ask, ff in self.layers:
            latents = ask(x, latents) + latents
            latents = ff(latents) + latents
        return self.norm(latents)


class Cross(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(DIM)
        self.to_q = nn.Linear(DIM, HEADS * DIM_HEAD, bias=False)
        self.to_kv = nn.Linear(VISUAL, 2 * HEADS * DIM_HEAD, bias=False)
        self.to_out = nn.Linear(HEADS * DIM_HEAD, DIM, bias=False)

    def forward(self, x, media, newest):
        """media [pictures][latents][width]; newest: which picture each row asks, counted from 1; 0: none."""
        k, v = self.to_kv(media.flatten(0, 1)).chunk(2, -1)
        place = torch.arange(len(media)).repeat_interleave(LATENTS) + 1
        said = attend(self.to_q(self.norm(x)), k, v, newest[:, None] == place[None])
        return self.to_out(said.masked_fill((newest == 0)[:, None], 0))


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn, self.ff = Cross(), feed_forward(DIM)
        self.attn_gate, self.ff_gate = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x, media, newest):
        x = self.attn(x, media, newest) * self.attn_gate.tanh() + x
        return self.ff(x) * self.ff_gate.tanh() + x


class Flamingo(nn.Module):
    def __init__(self, mpt, clip):
        super().__init__()
        self.vision, self.perceiver = clip, Perceiver()
        self.lang_encoder = mpt
        self.gated_cross_attn_layers = nn.ModuleList(
            [Gated() if (i + 1) % EVERY == 0 else None for i in range(mpt.config.n_layers)])
        self.config = mpt.config

    def see(self, pixels):
        """Without the class row and the last norm."""
        return torch.stack([self.perceiver(self.vision(pixel_values=p[None]).last_hidden_state[0, 1:]) for p in pixels])

    def forward(self, ids, media, image):
        t = self.lang_encoder.transformer
        x, newest = t.wte(ids), (ids == image).cumsum(0)
        bias = build_mpt_alibi_tensor(self.config.n_heads, len(ids))
        hidden = torch.ones(len(ids), len(ids), dtype=torch.bool).triu(1)[None, None]
        for block, gated in zip(t.blocks, self.gated_cross_attn_layers):
            if gated is not None and media is not None:
                x = gated(x, media, newest)
            x = block(x[None], position_bias=bias, attention_mask=hidden)
            x = (x[0] if isinstance(x, tuple) else x).view(len(ids), -1)
        return t.norm_f(x) @ t.wte.weight.T


def parts(out, seed):
    t = byte_level(None, ["<|endoftext|>"])
    words = t.get_vocab_size() + 3
    c = T.MptConfig(d_model=DIM, **MPT, vocab_size=words, eos_token_id=words - 4)
    v = T.CLIPVisionConfig(hidden_size=VISUAL, image_size=SIDE, **CLIP)
    net = Flamingo(T.MptForCausalLM(c).float(), T.CLIPVisionModel(v).float()).eval()
    net.config.tie_word_embeddings = False
    randomise(net, seed, torch.float16)
    with torch.no_grad():
        net.lang_encoder.transformer.wte.weight *= 2
        for name, p in net.named_parameters():
            if name.startswith("gated") and name.endswith("to_out.weight"):
                p *= 0.25  # pictures must not drown the words
            elif name.endswith("_gate"):
                p *= 0.5
            elif name.endswith("to_q.weight"):
                p *= 4
    net.lang_encoder.lm_head.weight = net.lang_encoder.transformer.wte.weight
    net.config.tie_word_embeddings = True
    settings = {"eos_token": "<|endoftext|>", "add_bos_token": False}
    save(out + "/mpt", net.lang_encoder, t, settings, torch.float16, {})
    copy.deepcopy(net.vision).to(torch.float16).save_pretrained(out + "/clip")
    cls = __import__("transformers.models.clip.image_processing_pil_clip", fromlist=["x"]).CLIPImageProcessorPil
    process = cls(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    process.save_pretrained(out + "/clip")
    state = {("" if n.startswith("perceiver") else "lang_encoder.") + n: p.to(torch.float16)
             for n, p in net.state_dict().items() if n.startswith(("perceiver", "gated"))}
    state["lang_encoder.transformer.wte.weight"] = net.lang_encoder.transformer.wte.weight.detach().to(torch.float16)
    torch.save(state, out + "/checkpoint.pt")
    return net, process


def write(out, net, ids, media, image, seen, end):
    os.makedirs(out, exist_ok=True)
    said, margins = torch.tensor(ids), []
    with torch.no_grad():
        logits = net(said, media, image)[-1:]
        for _ in range(32):
            best = net(said, media, image)[-1].topk(2)
            margins.append(float(best.values[0] - best.values[1]))
            said = torch.cat([said, best.indices[:1]])
    answer = said[len(ids):].tolist()
    for name, values in {**seen, "logits": logits}.items():
        np.save(f"{out}/{name}.npy", values.reshape(-1, values.shape[-1]).numpy().astype("<f4"))
    np.save(out + "/prompt.npy", np.array(ids, "<i4"))
    np.save(out + "/answer.npy", np.array(answer, "<i4"))
    print(out, answer, "smallest margin", min(margins), "different", len(set(answer)),
          "says an end word" if end in answer else "")


def main():
    out, converter, how = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "71"
    if how == "wide":
        widen()
    seed = 71 if how == "wide" else int(how)
    folder, made = f"{out}/flamingo", f"{out}/parts"
    os.makedirs(made, exist_ok=True)
    net, process = parts(made, seed)
    subprocess.run([sys.executable, converter, f"{made}/checkpoint.pt", f"{made}/mpt", f"{made}/clip", folder,
                    "--every", str(EVERY), "--heads", str(HEADS)], check=True)
    shutil.copytree(f"{made}/mpt", f"{out}/mpt", dirs_exist_ok=True)
    words = T.AutoTokenizer.from_pretrained(folder)
    image, end = words.convert_tokens_to_ids("<image>"), words.convert_tokens_to_ids("<|endoftext|>")
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")

    def ask(name, images, text):
        ids, seen = words(text, add_special_tokens=False).input_ids, {}
        with torch.no_grad():  # words alone are asked about with a blank picture that none of them names
            media = net.see(torch.zeros(1, 3, SIDE, SIDE))
        if images:
            x = process(images, return_tensors="pt")["pixel_values"]
            with torch.no_grad():
                media = net.see(x)
            seen = {"pixels": x[-1].reshape(-1, SIDE), "perceiver.post_ln": media[-1]}
        write(f"{folder}/{name}", net, ids, media, image, seen, end)

    question = "What is it?"
    ask("none", [], question)
    ask("one", pictures[:1], f"<image>{question}")
    ask("three", pictures + pictures[:1], f"<image><image><image>{question}")
    ask("mixed", pictures, f"<image>The dog and the fox. <image>{question}")
    ask("turns", pictures, f"<image>{question}It is a dog.<image>{question}")
    ids = words(question, add_special_tokens=False).input_ids
    write(f"{out}/mpt/golden", net, ids, None, image, {}, end)
    with torch.no_grad():  # the reference of MPT alone is transformers' own
        usual = net.lang_encoder(torch.tensor([ids])).logits[0, -1]
    print("MPT alone, largest difference:",
          float((usual - torch.from_numpy(np.load(f"{out}/mpt/golden/logits.npy")[0])).abs().max()))
    found = {}
    for width, height in eyes.SIZES:
        values = process([eyes.pattern(width, height)], return_tensors="np")["pixel_values"][0]
        found[f"{width}x{height}"] = [[round(float(v), 7) for v in values.reshape(-1)[::61]]]
    with open(f"{folder}/pixels.json", "w") as f:
        json.dump(found, f)


if __name__ == "__main__":
    main()

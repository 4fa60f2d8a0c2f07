"""picturebook in PyTorch: the reference that models/picturebook.c is compared with.

picture [3][size][size] -> conv stem -> rows + positions -> vision layers -> perceiver -> proj
-> rows in the prompt -> llama-type decoder. Weight names are those of the GGUF file.
"""
import copy

import torch
from torch import nn
from torch.nn import functional as F

CONFIG = dict(image_size=128, stem=[32, 64, 128, 192], v_layers=3, v_heads=6, v_ffn=576,
              latents=24, p_layers=2, p_heads=6, p_ffn=576,
              dim=192, layers=3, heads=6, kv_heads=2, head_dim=32, ffn=512, rope_base=10000.0,
              rms_eps=1e-5, ln_eps=1e-6, context=512, vocab=0)


def heads_of(x, n):
    b, t, c = x.shape
    return x.view(b, t, n, c // n).transpose(1, 2)


def attend(q, k, v, mask=None):
    y = F.scaled_dot_product_attention(q, k, v, mask)
    b, h, t, d = y.shape
    return y.transpose(1, 2).reshape(b, t, h * d)


def gelu(x):
    return F.gelu(x, approximate="tanh")


def quiet(*layers):
    """A residual branch that starts at nothing: the rows pass untouched until it has learned."""
    for layer in layers:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)


class VisionLayer(nn.Module):
    def __init__(self, dim, heads, ffn, eps):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(dim, eps), nn.LayerNorm(dim, eps)
        self.attn_q, self.attn_k, self.attn_v, self.attn_out = (nn.Linear(dim, dim) for _ in range(4))
        self.ffn_up, self.ffn_down = nn.Linear(dim, ffn), nn.Linear(ffn, dim)
        quiet(self.attn_out, self.ffn_down)

    def forward(self, x):
        h = self.ln1(x)
        q, k, v = (heads_of(f(h), self.heads) for f in (self.attn_q, self.attn_k, self.attn_v))
        x = x + self.attn_out(attend(q, k, v))
        return x + self.ffn_down(gelu(self.ffn_up(self.ln2(x))))


class PerceiverLayer(nn.Module):
    def __init__(self, dim, heads, ffn, eps):
        super().__init__()
        self.heads = heads
        self.ln_context, self.ln_latents, self.ln_ffn = (nn.LayerNorm(dim, eps) for _ in range(3))
        self.attn_q, self.attn_k, self.attn_v, self.attn_out = (nn.Linear(dim, dim) for _ in range(4))
        self.ffn_up, self.ffn_down = nn.Linear(dim, ffn), nn.Linear(ffn, dim)
        quiet(self.ffn_down)

    def forward(self, latents, rows):
        asking = self.ln_latents(latents)
        both = torch.cat([self.ln_context(rows), asking], 1)
        q, k, v = (heads_of(f(x), self.heads) for f, x in
                   ((self.attn_q, asking), (self.attn_k, both), (self.attn_v, both)))
        latents = latents + self.attn_out(attend(q, k, v))
        return latents + self.ffn_down(gelu(self.ffn_up(self.ln_ffn(latents))))


class RMSNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x, cos, sin):
    """Interleaved pairs (2i, 2i + 1)."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


class DecoderLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, h = c["dim"], c["head_dim"]
        self.heads, self.kv_heads = c["heads"], c["kv_heads"]
        self.attn_norm, self.ffn_norm = RMSNorm(d, c["rms_eps"]), RMSNorm(d, c["rms_eps"])
        self.attn_q = nn.Linear(d, self.heads * h, bias=False)
        self.attn_k = nn.Linear(d, self.kv_heads * h, bias=False)
        self.attn_v = nn.Linear(d, self.kv_heads * h, bias=False)
        self.attn_output = nn.Linear(self.heads * h, d, bias=False)
        self.ffn_gate, self.ffn_up = (nn.Linear(d, c["ffn"], bias=False) for _ in range(2))
        self.ffn_down = nn.Linear(c["ffn"], d, bias=False)

    def forward(self, x, cos, sin, mask):
        h = self.attn_norm(x)
        q = rotate(heads_of(self.attn_q(h), self.heads), cos, sin)
        k = rotate(heads_of(self.attn_k(h), self.kv_heads), cos, sin)
        v = heads_of(self.attn_v(h), self.kv_heads)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        x = x + self.attn_output(attend(q, k, v, mask))
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Picturebook(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        channels = [3] + c["stem"]
        vision = c["stem"][-1]
        cells = (c["image_size"] >> len(c["stem"])) ** 2
        self.stem = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(channels, channels[1:]))
        self.stem_norm = nn.ModuleList(nn.Identity() for _ in self.stem)
        for conv in self.stem:  # PyTorch's own start lets the picture fade to nothing in four layers
            nn.init.normal_(conv.weight, std=1.5 / (conv.in_channels * 9) ** 0.5)
            nn.init.zeros_(conv.bias)
        self.position = nn.Parameter(torch.randn(cells, vision) * 0.02)
        self.v_blk = nn.ModuleList(VisionLayer(vision, c["v_heads"], c["v_ffn"], c["ln_eps"])
                                   for _ in range(c["v_layers"]))
        self.v_post = nn.LayerNorm(vision, c["ln_eps"])
        self.latents = nn.Parameter(torch.randn(c["latents"], vision) * 0.2)
        self.p_blk = nn.ModuleList(PerceiverLayer(vision, c["p_heads"], c["p_ffn"], c["ln_eps"])
                                   for _ in range(c["p_layers"]))
        self.p_post = nn.LayerNorm(vision, c["ln_eps"])
        self.proj = nn.Linear(vision, c["dim"])
        self.embed = nn.Embedding(c["vocab"], c["dim"])
        nn.init.normal_(self.embed.weight, std=0.05)
        self.blk = nn.ModuleList(DecoderLayer(c) for _ in range(c["layers"]))
        self.norm = RMSNorm(c["dim"], c["rms_eps"])
        angles = torch.arange(c["context"]).double()[:, None] * c["rope_base"] ** (
            -torch.arange(0, c["head_dim"], 2).double() / c["head_dim"])
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def normalise_stem(self):
        """For training: batch normalisation behind each convolution; see folded()."""
        self.stem_norm = nn.ModuleList(nn.BatchNorm2d(conv.out_channels) for conv in self.stem)

    @torch.no_grad()
    def calibrate_stem(self, pixels):
        """Normalisation that changes nothing yet, for weights that already hold theirs."""
        x = pixels
        for conv, norm in zip(self.stem, self.stem_norm):
            y = conv(x)
            mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3))
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.copy_(mean)
            x = gelu(y)

    def folded(self):
        """A copy for use, with each convolution's normalisation in its weights."""
        out = copy.deepcopy(self)
        for i, (conv, norm) in enumerate(zip(out.stem, out.stem_norm)):
            if isinstance(norm, nn.BatchNorm2d):
                gain = norm.weight.data * torch.rsqrt(norm.running_var + norm.eps)
                conv.weight.data *= gain[:, None, None, None]
                conv.bias.data = (conv.bias.data - norm.running_mean) * gain + norm.bias.data
                out.stem_norm[i] = nn.Identity()
        return out

    def encode(self, pixels):
        """[b][3][size][size] normalised -> (encoder rows, decoder rows)."""
        x = pixels
        for conv, norm in zip(self.stem, self.stem_norm):
            x = gelu(norm(conv(x)))
        x = x.flatten(2).transpose(1, 2) + self.position
        for layer in self.v_blk:
            x = layer(x)
        rows = self.v_post(x)
        latents = self.latents.expand(len(rows), -1, -1)
        for layer in self.p_blk:
            latents = layer(latents, rows)
        return rows, self.proj(self.p_post(latents))

    def hidden(self, x):
        """Rows [b][t][dim] -> the last layer's rows."""
        t = x.shape[1]
        mask = torch.tril(torch.ones(t, t, dtype=torch.bool, device=x.device))
        for layer in self.blk:
            x = layer(x, self.cos[:t], self.sin[:t], mask)
        return x

    def logits(self, x):
        return self.norm(x) @ self.embed.weight.T

    def forward(self, pixels, ids):
        """ids start with <|start|>; the picture's rows go behind it. Rows of the last layer."""
        return self.spliced(self.encode(pixels)[1], ids)

    def spliced(self, rows, ids):
        words = self.embed(ids)
        return self.hidden(torch.cat([words[:, :1], rows, words[:, 1:]], 1))


class Hints(nn.Module):
    """Training only: names what lies at each place of the picture, and the facts of the whole one.

    Without it the decoder learns to guess from the question long before the rows say anything.
    """
    ORDERS = 7  # nothing, then the first to the sixth in reading order

    def __init__(self, c, n_facts, n_marks, n_colours=11):
        super().__init__()
        self.kinds = [n_marks, n_colours, self.ORDERS]
        self.places = nn.Linear(c["stem"][-1], 2 * sum(self.kinds))
        self.latents = nn.Linear(2 * c["dim"], n_facts)

    def forward(self, rows, latents, facts, marks, weights):
        """facts [b][n_facts] of 0 and 1, marks [b][3][cells][2 * cells] of classes and weights
        of the places -> sum of cross entropies."""
        want = facts / facts.sum(1, keepdim=True).clamp(min=1)
        pooled = torch.cat([latents.mean(1), latents.amax(1)], 1)
        loss = -(want * F.log_softmax(self.latents(pooled), 1)).sum(1).mean()
        said = self.places(rows).view(marks.shape[0], marks.shape[2], marks.shape[3], -1)
        for logits, wanted in zip(said.split(self.kinds, -1), marks.unbind(1)):
            each = F.cross_entropy(logits.flatten(0, 2), wanted.flatten(), reduction="none",
                                   ignore_index=-1)
            weight = weights.flatten() * (wanted.flatten() >= 0)
            loss = loss + (each * weight).sum() / weight.sum().clamp(min=1e-6)
        return loss


def normalise(pictures):
    """uint8 [b][h][w][3] -> float [b][3][h][w]; mean and std are 0.5."""
    return (pictures.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5

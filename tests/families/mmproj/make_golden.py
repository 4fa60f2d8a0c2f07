"""Makes tiny random models with eyes in files of their own and their goldens: the language model
and its mmproj as GGUF, and what transformers computes from the same weights and a picture.

    python3 make_golden.py OUT [NAME ...]      # needs torch, transformers, gguf, numpy, PIL

The weights are exact in f16 and stored so. The vocabulary is single bytes and control words, so the
prompt's tokens are spelt out here and need no tokenizer. Pixels come from the reference processors
with PIL; pixels.json holds a few numbers of every tile for pictures of awkward sizes.
"""
import json
import os
import sys

import gguf
import numpy as np
import torch
import transformers as T
from PIL import Image

TEXT, HIDDEN, WIDE = "What?", 64, 96
SMOL = (["<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>"] +
        [f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7)])
LLAVA = ["<s>", "</s>", "<image>"]
SIZES = [(1, 1), (333, 517), (4000, 300), (8, 2000), (64, 64)]


def byte_words():
    """GPT-2's letters for the 256 bytes."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    words, extra = [], 0
    for b in range(256):
        words.append(chr(b) if b in plain else chr(256 + extra))
        extra += b not in plain
    return words


def picture(width, height):
    """Waves, a disc and a slope; every size shows the same scene."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = (x + 0.5) / width, (y + 0.5) / height
    rgb = np.stack([127 + 120 * np.sin(9 * u + 4 * v), 255 * ((u - .5) ** 2 + (v - .4) ** 2 < .09),
                    255 * u * v], -1)
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


whole_resize = Image.Image.resize


def resize(self, size, resample=None, *args, **kwargs):
    """Pillow up to 12 resizes across first, then down; 13 swaps them for some tall pictures, which
    rounds elsewhere. Models were made with the former."""
    across = whole_resize(self, (size[0], self.height), resample, *args, **kwargs)
    return whole_resize(across, tuple(size), resample, *args, **kwargs)


Image.Image.resize = resize


def pattern(width, height):
    """A picture of whole numbers alone, so that tests can draw it again."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 3 + y * 5, x * y // 7, (x // 9 + y // 5) % 2 * 255], -1).astype(np.uint8))


def randomise(net, seed):
    rng = np.random.default_rng(seed)
    for name, p in net.named_parameters():
        scale, shift = 1.6 / np.sqrt(max(1, p[0].numel() if p.ndim > 1 else p.numel())), 0.0
        if p.ndim == 1 and name.endswith("weight"):
            scale, shift = 0.1, 1.0
        elif name.endswith("bias"):
            scale = 0.1
        elif "embed_tokens" in name or "class_embedding" in name:
            scale = 1.0
        elif "position_embedding" in name:
            scale = 0.5
        w = (rng.standard_normal(p.shape) * scale + shift).astype(np.float16).astype(np.float32)
        p.data = torch.from_numpy(w)


def text_config(words):
    return dict(vocab_size=words, hidden_size=HIDDEN, intermediate_size=WIDE, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024,
                rms_norm_eps=1e-5, rope_theta=1e4, tie_word_embeddings=False, bos_token_id=None,
                eos_token_id=None, pad_token_id=None)


TEXT_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
              "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
              "post_attention_layernorm": "ffn_norm"}
EYE_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
             "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
             "layer_norm1": "ln1", "layer_norm2": "ln2"}


def add(writer, name, p):
    w = p.detach().numpy()
    writer.add_tensor(name, np.ascontiguousarray(w.astype(np.float16) if w.ndim > 1 else w))


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_text(path, net, head, words, template, bos):
    """The language model; q and k are stored for the interleaved rotation."""
    c = net.config
    writer = gguf.GGUFWriter(path, "llama")
    for call, value in (("block_count", c.num_hidden_layers), ("context_length", 1024),
                        ("embedding_length", HIDDEN), ("feed_forward_length", WIDE), ("head_count", 4),
                        ("head_count_kv", 2), ("layer_norm_rms_eps", 1e-5), ("rope_freq_base", 1e4)):
        getattr(writer, "add_" + call)(value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(byte_words() + words + ["ZZ"])
    writer.add_token_types([1] * 256 + [3] * len(words) + [1])
    writer.add_token_merges(["Z Z"])
    writer.add_eos_token_id(257)
    writer.add_bos_token_id(256)
    writer.add_add_bos_token(bos)
    writer.add_chat_template(template)
    add(writer, "token_embd.weight", net.embed_tokens.weight)
    add(writer, "output_norm.weight", net.norm.weight)
    add(writer, "output.weight", head.weight)
    for i, layer in enumerate(net.layers):
        for name, p in layer.named_parameters():
            ours = TEXT_NAMES[name.rsplit(".", 1)[0]]
            if ours in ("attn_q", "attn_k"):
                n = 4 if ours == "attn_q" else 2
                p = p.reshape(n, 2, p.shape[0] // n // 2, -1).transpose(1, 2).reshape(p.shape)
            add(writer, f"blk.{i}.{ours}.weight", p)
    finish(writer)


def open_eyes(path, c, projector, mean, std):
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_string("clip.projector_type", projector)
    writer.add_bool("clip.has_vision_encoder", True)
    for key, value in (("image_size", c.image_size), ("patch_size", c.patch_size),
                       ("embedding_length", c.hidden_size), ("feed_forward_length", c.intermediate_size),
                       ("block_count", c.num_hidden_layers), ("projection_dim", HIDDEN),
                       ("attention.head_count", c.num_attention_heads)):
        writer.add_uint32("clip.vision." + key, value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", c.layer_norm_eps)
    writer.add_array("clip.vision.image_mean", list(mean))
    writer.add_array("clip.vision.image_std", list(std))
    return writer


def add_tower(writer, tower):
    for name, p in tower.named_parameters():
        parts = name.removeprefix("vision_model.").split(".")
        if parts[0] == "encoder":
            stem, kind = ".".join(parts[3:-1]), parts[-1]
            add(writer, f"v.blk.{parts[2]}.{EYE_NAMES[stem]}.{kind}", p)
        elif parts[0] == "embeddings":
            key = {"patch_embedding": "patch_embd", "position_embedding": "position_embd",
                   "class_embedding": "class_embd"}[parts[1]]
            add(writer, ".".join(["v", key] + parts[2:]), p)
        else:
            key = {"pre_layrnorm": "pre_ln", "post_layernorm": "post_ln"}[parts[0]]
            if not (key == "post_ln" and hasattr(tower, "pre_layrnorm")):
                add(writer, f"v.{key}.{parts[1]}", p)


def smolvlm():
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
             image_size=64, patch_size=8)
    ids = {w: 256 + i for i, w in enumerate(SMOL)}
    c = T.SmolVLMConfig(vision_config=v, text_config={**text_config(256 + len(SMOL) + 1), "model_type": "llama"},
                        scale_factor=4, image_token_id=ids["<image>"], pad_token_id=0,
                        tie_word_embeddings=False)
    net = T.SmolVLMForConditionalGeneration(c).float().eval()
    cls = __import__("transformers.models.smolvlm.image_processing_pil_smolvlm", fromlist=["x"])
    process = cls.SmolVLMImageProcessorPil(size={"longest_edge": 128}, max_image_size={"longest_edge": 64})

    def prompt(grids):
        out = [ids["<|im_start|>"]] + list(b"User:")
        for rows, cols in grids:
            image = [ids["<image>"]] * 4
            for r in range(rows):
                for k in range(cols):
                    out += [ids["<fake_token_around_image>"], ids[f"<row_{r + 1}_col_{k + 1}>"]] + image
                out += [10]
            out += ([10] if rows else []) + [ids["<fake_token_around_image>"], ids["<global-img>"]]
            out += image + [ids["<fake_token_around_image>"]]
        return out + list(TEXT.encode()) + [ids["<end_of_utterance>"], 10] + list(b"Assistant:")

    def write_eyes(path):
        w = open_eyes(path, net.model.vision_model.config, "idefics3", [.5] * 3, [.5] * 3)
        w.add_bool("clip.use_gelu", True)
        w.add_uint32("clip.vision.projector.scale_factor", 4)
        w.add_uint32("clip.vision.preproc_image_size", 128)
        add_tower(w, net.model.vision_model)
        add(w, "mm.model.fc.weight", net.model.connector.modality_projection.proj.weight)
        finish(w)

    def pixels(images):
        x = process([images], return_tensors="np", return_row_col_info=True)
        return x["pixel_values"][0], list(zip(x["rows"][0], x["cols"][0]))

    template = ("<|im_start|>{% for m in messages %}{{ m.role | capitalize }}:{{ m.content }}"
                "<end_of_utterance>\n{% endfor %}Assistant:")
    return dict(net=net, text=net.model.text_model, words=SMOL, template=template, bos=False,
                prompt=prompt, eyes=write_eyes, pixels=pixels, last="mm.model.fc",
                connector=net.model.connector, tiles=True)


def llava():
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             image_size=56, patch_size=14, projection_dim=32)
    c = T.LlavaConfig(vision_config={**v, "model_type": "clip_vision_model"},
                      text_config={**text_config(256 + len(LLAVA) + 1), "model_type": "llama"},
                      image_token_index=258, image_seq_length=16, vision_feature_layer=-2)
    net = T.LlavaForConditionalGeneration(c).float().eval()
    cls = __import__("transformers.models.clip.image_processing_pil_clip", fromlist=["x"])
    process = cls.CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})

    def write_eyes(path):
        w = open_eyes(path, net.model.vision_tower.config, "mlp", process.image_mean, process.image_std)
        add_tower(w, net.model.vision_tower)
        for i, linear in ((0, net.model.multi_modal_projector.linear_1),
                          (2, net.model.multi_modal_projector.linear_2)):
            add(w, f"mm.{i}.weight", linear.weight)
            add(w, f"mm.{i}.bias", linear.bias)
        finish(w)

    def prompt(grids):
        out = [256] + list(b"USER: ")
        for _ in grids:
            out += [258] * 16 + [10]
        return out + list((TEXT + " ASSISTANT:").encode())

    def pixels(images):
        x = process(images, return_tensors="np")["pixel_values"]
        return x, [(0, 0)] * len(images)

    template = "{% for m in messages %}USER: {{ m.content }} ASSISTANT:{% endfor %}"
    return dict(net=net, text=net.model.language_model, words=LLAVA, template=template, bos=True,
                prompt=prompt, eyes=write_eyes, pixels=pixels, last="mm.2",
                connector=net.model.multi_modal_projector, tiles=False)


def run(m, out, images):
    """One question about the pictures: the last picture's pixels and rows, logits and answer."""
    os.makedirs(out, exist_ok=True)
    values, grids = m["pixels"](images)
    ids = torch.tensor([m["prompt"](grids)])
    kept = []
    hook = m["connector"].register_forward_hook(lambda _m, _i, y: kept.append(y))
    x = dict(input_ids=ids, attention_mask=torch.ones_like(ids),
             pixel_values=torch.from_numpy(values[None] if m["tiles"] else values))
    with torch.no_grad():
        logits = m["net"](**x).logits[0, -1:]
        hook.remove()
        said = m["net"].generate(**x, max_new_tokens=32, do_sample=False, output_logits=True,
                                 return_dict_in_generate=True)
    answer = said.sequences[0, ids.shape[1]:]
    size = values.shape[-1]
    np.save(f"{out}/pixels.npy", values[-1].reshape(3 * size, size).astype("<f4"))
    np.save(f"{out}/{m['last']}.npy", kept[0][-1].numpy().astype("<f4"))
    np.save(f"{out}/logits.npy", logits.numpy().astype("<f4"))
    np.save(f"{out}/answer.npy", answer.numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(out, len(ids[0]), "tokens, grids", grids, answer.tolist(), "smallest margin", min(gaps))


def make(out, name):
    m = globals()[name]()
    randomise(m["net"], 5)
    os.makedirs(out, exist_ok=True)
    write_text(out + "/tiny.gguf", m["text"], m["net"].lm_head, m["words"], m["template"], m["bos"])
    m["eyes"](out + "/mmproj-tiny.gguf")
    picture(90, 60).save(out + "/wide.png")
    picture(20, 70).save(out + "/high.png")
    run(m, out + "/one", [picture(90, 60)])
    run(m, out + "/two", [picture(90, 60), picture(20, 70)])
    found = {}
    for width, height in SIZES:
        values, _ = m["pixels"]([pattern(width, height)])
        found[f"{width}x{height}"] = [[float(v) for v in tile.reshape(-1)[::991]] for tile in values]
    with open(out + "/pixels.json", "w") as f:
        json.dump(found, f)


def main():
    for name in ("smolvlm", "llava"):
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make(f"{sys.argv[1]}/{name}", name)


if __name__ == "__main__":
    main()

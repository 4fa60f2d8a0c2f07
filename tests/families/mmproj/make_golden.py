"""Makes tiny random models with eyes in files of their own and their goldens: the language model
and its mmproj as GGUF, and what transformers computes from the same weights and a picture.

    python3 make_golden.py OUT [NAME ...]      # needs torch, transformers, gguf, numpy, PIL

The weights are exact in f16 and stored so. The vocabulary is single bytes and control words, so the
prompt's tokens are spelt out here and need no tokenizer. Pixels come from the reference processors
with PIL; pixels.json holds a few numbers of every tile for pictures of awkward sizes, and sums.json a
hash of all of them, rounded to half a step of the 8 bits they come from. `--pixels` makes these two alone.
"""
import json
import math
import os
import sys
import types

import gguf
import numpy as np
import torch
import transformers as T
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from convert import convert  # noqa: E402
from native import internvl, internvl_6b, qwen25vl, qwen2vl, qwen3vl  # noqa: E402,F401

TEXT, HIDDEN, WIDE, RESAMPLED, PLACES, WINDOW = "What?", 64, 96, 128, 112, 8
TAKEN = 4  # words of an answer before the next question
SMOL = (["<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>"] +
        [f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7)])
LLAVA = ["<s>", "</s>", "<image>"]
LLAVA_TEMPLATE = "{% for m in messages %}USER: {{ m.content }} ASSISTANT:{% endfor %}"
KD = ["<|im_start|>", "<|im_end|>", "<image>"]
MINICPM = ["<unk>", "<|im_end|>", "<|im_start|>", "<image_id>", "</image_id>", "<image>", "</image>", "<slice>",
           "</slice>"]
PALI = ["<bos>", "<eos>", "<image>"]
MOON = ["<|endoftext|>", "<|end|>"]
GEMMA = ["<bos>", "<end_of_turn>", "<start_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>"]
SIZES = [(1, 1), (333, 517), (4000, 300), (8, 2000), (64, 64)]
OWN = (56, 56)  # of towers that are not 64


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
    modules = dict(net.named_modules())
    for name, p in net.named_parameters():
        module = type(modules[name.rpartition(".")[0]]).__name__
        scale, shift = 1.6 / np.sqrt(max(1, p[0].numel() if p.ndim > 1 else p.numel())), 0.0
        if p.ndim == 1 and name.endswith("weight"):
            scale, shift = 0.1, 0.0 if module.startswith("Gemma") else 1.0
        elif name.endswith("bias"):
            scale = 0.1
        elif module.startswith("Gemma") and "embed_tokens" in name:
            scale = 0.04  # what is said last must not drown what the layers add: the head is the same matrix
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


def open_eyes(path, c, projector, mean, std, layers=None):
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_string("clip.projector_type", projector)
    writer.add_bool("clip.has_vision_encoder", True)
    for key, value in (("image_size", c.image_size), ("patch_size", c.patch_size),
                       ("embedding_length", c.hidden_size), ("feed_forward_length", c.intermediate_size),
                       ("block_count", layers or c.num_hidden_layers), ("projection_dim", HIDDEN),
                       ("attention.head_count", c.num_attention_heads)):
        writer.add_uint32("clip.vision." + key, value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", c.layer_norm_eps)
    writer.add_array("clip.vision.image_mean", list(mean))
    writer.add_array("clip.vision.image_std", list(std))
    return writer


def add_part(writer, layer, name, p, swapped):
    """Some converters name the two matrices of the feed-forward part the other way round."""
    other = {"ffn_up": "ffn_down", "ffn_down": "ffn_up"} if swapped else {}
    stem, kind = name.rsplit(".", 1)
    ours = EYE_NAMES[stem]
    add(writer, f"v.blk.{layer}.{other.get(ours, ours)}.{kind}", p)


def add_tower(writer, tower, layers=None, swapped=False, post=True):
    for name, p in tower.named_parameters():
        parts = name.removeprefix("vision_model.").split(".")
        if layers and parts[0] == "encoder" and int(parts[2]) >= layers:
            continue
        if parts[0] == "encoder":
            add_part(writer, parts[2], ".".join(parts[3:]), p, swapped)
        elif parts[0] == "embeddings":
            key = {"patch_embedding": "patch_embd", "position_embedding": "position_embd",
                   "class_embedding": "class_embd"}[parts[1]]
            add(writer, ".".join(["v", key] + parts[2:]), p)
        else:
            key = {"pre_layrnorm": "pre_ln", "post_layernorm": "post_ln"}[parts[0]]
            if key != "post_ln" or post and not hasattr(tower, "pre_layrnorm"):
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

    def prompt(grids, opening=b"User:"):
        out = [ids["<|im_start|>"]] + list(opening)
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
                turns=(1, [ids["<end_of_utterance>"], 10]), blind=prompt([], b"User: "),
                connector=net.model.connector, tower=(net.model.vision_model, "v.post_ln"), tiles=True)


def last_but_one(net):
    """The layer of CLIP that LLaVA looks at."""
    tower = getattr(net.model.vision_tower, "vision_model", net.model.vision_tower)
    return tower.encoder.layers[1], "v.blk.1.ffn_down", lambda y: y[0] if isinstance(y, tuple) else y


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

    return dict(net=net, text=net.model.language_model, words=LLAVA, template=LLAVA_TEMPLATE, bos=True,
                prompt=prompt, eyes=write_eyes, pixels=pixels, last="mm.2", turns=(1, [257]),
                connector=net.model.multi_modal_projector, tower=last_but_one(net), tiles=False)


def llava_siglip():
    """SigLIP's last layer but one, all its rows, with Qwen2. Written as the converter for towers does:
    without the last layer and the norm behind it, and with no word of the activation."""
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             image_size=56, patch_size=14, vision_use_head=False)
    ids = {w: 256 + i for i, w in enumerate(KD)}
    text = {**text_config(256 + len(KD) + 1), "num_hidden_layers": 1, "model_type": "qwen2"}
    c = T.LlavaConfig(vision_config={**v, "model_type": "siglip_vision_model"}, text_config=text,
                      image_token_index=ids["<image>"], image_seq_length=16, vision_feature_layer=-2,
                      vision_feature_select_strategy="full")
    net = T.LlavaForConditionalGeneration(c).float().eval()
    cls = __import__("transformers.models.siglip.image_processing_pil_siglip", fromlist=["x"])
    process = cls.SiglipImageProcessorPil(size={"height": 56, "width": 56}, resample=Image.BICUBIC)

    def write(out):
        llm = T.Qwen2ForCausalLM(T.Qwen2Config(**text))
        llm.model, llm.lm_head = net.model.language_model, net.lm_head
        convert(llm, out + "/tiny.gguf", KD, "<|im_start|> <|im_end|>")
        w = open_eyes(out + "/mmproj-tiny.gguf", net.model.vision_tower.config, "mlp", [.5] * 3, [.5] * 3, 2)
        w.add_bool("clip.has_llava_projector", True)
        w.add_bool("clip.use_gelu", False)
        tower = net.model.vision_tower
        add_tower(w, getattr(tower, "vision_model", tower), 2, post=False)
        for i, linear in ((0, net.model.multi_modal_projector.linear_1),
                          (2, net.model.multi_modal_projector.linear_2)):
            add(w, f"mm.{i}.weight", linear.weight)
            add(w, f"mm.{i}.bias", linear.bias)
        finish(w)

    def prompt(grids):
        out = [ids["<|im_start|>"]] + list(b"user\n")
        out += ([ids["<image>"]] * 16 + [10]) * len(grids)
        return out + list(TEXT.encode()) + [ids["<|im_end|>"], 10, ids["<|im_start|>"]] + list(b"assistant\n")

    def pixels(images):
        return process(images, return_tensors="np")["pixel_values"], [(0, 0)] * len(images)

    return dict(net=net, write=write, prompt=prompt, pixels=pixels, last="mm.2",
                turns=(0, [ids["<|im_end|>"], 10]), connector=net.model.multi_modal_projector,
                tower=last_but_one(net), tiles=False)


def llava_next():
    """Written as published files are: without the tower's last layer, which nothing reads."""
    side, grids = 56, [[56, 112], [112, 56], [112, 112], [168, 56], [56, 168]]
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             image_size=side, patch_size=14, projection_dim=32)
    c = T.LlavaNextConfig(vision_config={**v, "model_type": "clip_vision_model"},
                          text_config={**text_config(256 + len(LLAVA) + 1), "model_type": "llama"},
                          image_token_index=258, image_grid_pinpoints=grids, vision_feature_layer=-2)
    net = T.LlavaNextForConditionalGeneration(c).float().eval()
    module = __import__("transformers.models.llava_next.image_processing_pil_llava_next", fromlist=["x"])
    process = module.LlavaNextImageProcessorPil(size={"shortest_edge": side}, image_grid_pinpoints=grids,
                                                crop_size={"height": side, "width": side})
    count = __import__("transformers.models.llava_next.processing_llava_next", fromlist=["x"]).LlavaNextProcessor

    def write_eyes(path):
        w = open_eyes(path, net.model.vision_tower.config, "mlp", process.image_mean, process.image_std, 2)
        w.add_bool("clip.has_llava_projector", True)
        w.add_string("clip.vision.mm_patch_merge_type", "spatial_unpad")
        w.add_array("clip.vision.image_grid_pinpoints", sum(grids, []))
        add_tower(w, net.model.vision_tower, 2)
        add(w, "model.image_newline", net.model.image_newline)
        for i, linear in ((0, net.model.multi_modal_projector.linear_1),
                          (2, net.model.multi_modal_projector.linear_2)):
            add(w, f"mm.{i}.weight", linear.weight)
            add(w, f"mm.{i}.bias", linear.bias)
        finish(w)

    def rows_of(image):
        best = module.select_best_resolution((image.height, image.width), grids)
        cells, lines = count._get_unpadded_features(None, image.height, image.width, 4, 4, best[0] // side,
                                                    best[1] // side)
        return 16 + cells + lines

    def prompt(rows):
        out = [256] + list(b"USER: ")
        for n in rows:
            out += [258] * n + [10]
        return out + list((TEXT + " ASSISTANT:").encode())

    def tiles_of(image):
        return process([image], return_tensors="np")["pixel_values"][0]

    def pixels(images):
        """The whole picture comes last, as it is encoded last here."""
        return np.concatenate([np.roll(tiles_of(i), -1, 0) for i in images]), [rows_of(i) for i in images]

    def feed(images):
        return dict(process(images, return_tensors="pt"))

    return dict(net=net, text=net.model.language_model, words=LLAVA, template=LLAVA_TEMPLATE, bos=True,
                prompt=prompt, eyes=write_eyes, pixels=pixels, feed=feed, last="mm.2", turns=(1, [257]),
                row=lambda images: -len(tiles_of(images[-1])),
                connector=net.model.multi_modal_projector, tower=last_but_one(net), tiles=False)


GEMMA_TEMPLATE = ("{{ bos_token }}{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content | trim }}"
                  "<end_of_turn>\n{% endfor %}<start_of_turn>model\n")


def gemma3():
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
             image_size=64, patch_size=8)
    text = dict(vocab_size=256 + len(GEMMA) + 1, hidden_size=HIDDEN, intermediate_size=WIDE, num_hidden_layers=6,
                num_attention_heads=4, num_key_value_heads=2, head_dim=16, query_pre_attn_scalar=16,
                sliding_window=WINDOW, max_position_embeddings=1024, tie_word_embeddings=True, eos_token_id=None,
                rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                                 "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}})
    ids = {w: 256 + i for i, w in enumerate(GEMMA)}
    c = T.Gemma3Config(text_config=text, vision_config={**v, "vision_use_head": False}, mm_tokens_per_image=16,
                       boi_token_index=ids["<start_of_image>"], eoi_token_index=ids["<end_of_image>"],
                       image_token_index=ids["<image_soft_token>"], tie_word_embeddings=True)
    net = T.Gemma3ForConditionalGeneration(c).float().eval()
    cls = __import__("transformers.models.gemma3.image_processing_pil_gemma3", fromlist=["x"])
    process = cls.Gemma3ImageProcessorPil(size={"height": 64, "width": 64}, image_seq_length=16)

    def hub(name):
        return name.replace("vision_tower.", "vision_tower.vision_model.", 1)

    def write(out):
        convert(net, out + "/tiny.gguf", GEMMA, GEMMA_TEMPLATE, True, names=hub)
        convert(net, out + "/mmproj-tiny.gguf", GEMMA, processor=process, names=hub, eyes=True)

    def prompt(grids):
        image = list(b"\n\n") + [ids["<start_of_image>"]] + [ids["<image_soft_token>"]] * 16
        out = [ids["<bos>"], ids["<start_of_turn>"]] + list(b"user\n")
        out += (image + [ids["<end_of_image>"]] + list(b"\n\n")) * len(grids)
        return out + list(TEXT.encode()) + [ids["<end_of_turn>"], 10, ids["<start_of_turn>"]] + list(b"model\n")

    def pixels(images):
        return process(images, return_tensors="np")["pixel_values"], [(0, 0)] * len(images)

    def more(token_ids):
        return dict(token_type_ids=(token_ids == ids["<image_soft_token>"]).long())

    return dict(net=net, write=write, prompt=prompt, pixels=pixels, more=more, last="mm.input_projection",
                turns=(1, [ids["<end_of_turn>"], 10]),
                connector=net.model.multi_modal_projector, tower=(net.model.vision_tower, "v.post_ln"),
                tiles=False)


def paligemma():
    v = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
             image_size=64, patch_size=16, vision_use_head=False, model_type="siglip_vision_model")
    text = dict(model_type="gemma", vocab_size=256 + len(PALI) + 1, hidden_size=HIDDEN, intermediate_size=WIDE,
                num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=1, head_dim=32,
                hidden_activation="gelu_pytorch_tanh", max_position_embeddings=1024, eos_token_id=None,
                pad_token_id=None)
    ids = {w: 256 + i for i, w in enumerate(PALI)}
    c = T.PaliGemmaConfig(vision_config=v, text_config=text, projection_dim=HIDDEN, hidden_size=HIDDEN,
                          image_token_index=ids["<image>"])
    net = T.PaliGemmaForConditionalGeneration(c).float().eval()
    cls = __import__("transformers.models.siglip.image_processing_pil_siglip", fromlist=["x"])
    process = cls.SiglipImageProcessorPil(size={"height": 64, "width": 64}, resample=Image.BICUBIC)

    def write(out):
        decoder = T.GemmaForCausalLM(net.model.language_model.config).float()
        decoder.model = net.model.language_model
        convert(decoder, out + "/tiny.gguf", PALI, None, True)
        tower = net.model.vision_tower
        w = open_eyes(out + "/mmproj-tiny.gguf", c.vision_config, "paligemma", [.5] * 3, [.5] * 3)
        add_tower(w, getattr(tower, "vision_model", tower))
        add(w, "mm.0.weight", net.model.multi_modal_projector.linear.weight)
        add(w, "mm.0.bias", net.model.multi_modal_projector.linear.bias)
        finish(w)

    def prompt(grids):
        return [ids["<image>"]] * 16 * len(grids) + [ids["<bos>"]] + list((TEXT + "\n").encode())

    def pixels(images):
        return process(images, return_tensors="np")["pixel_values"], [(0, 0)] * len(images)

    return dict(net=net, write=write, prompt=prompt, pixels=pixels, last="mm.0",
                more=lambda token_ids: dict(token_type_ids=torch.zeros_like(token_ids)),
                connector=net.model.multi_modal_projector, tower=(net.model.vision_tower, "v.post_ln"),
                tiles=False)


class Moondream(torch.nn.Module):
    """The published model is code of its own, so what it does is said here: the first word and the
    rows of the picture see each other before and behind."""
    def __init__(self, tower, rows, llm):
        super().__init__()
        self.tower, self.rows, self.llm = tower, rows, llm
        self.connector = torch.nn.Sequential(torch.nn.Linear(64, 96), torch.nn.GELU(approximate="tanh"),
                                             torch.nn.Linear(96, HIDDEN))

    def forward(self, input_ids, attention_mask, pixel_values=None):
        """Behind the first word stands one word for each picture; its rows take that place."""
        n = 0 if pixel_values is None else len(pixel_values)
        x = self.llm.get_input_embeddings()(input_ids)
        if n:
            pictures = self.connector(self.tower(pixel_values).last_hidden_state).flatten(0, 1)[None]
            x = torch.cat([x[:, :1], pictures, x[:, 1 + n:]], 1)
        seen = torch.ones(x.shape[1], x.shape[1]).tril().bool()
        for i in range(n):
            first, end = 1 + i * self.rows if i else 0, 1 + (i + 1) * self.rows
            seen[first:end, first:end] = True
        mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]
        return self.llm(inputs_embeds=x, attention_mask=mask, use_cache=False)

    def generate(self, input_ids, attention_mask, max_new_tokens, pixel_values=None, **_how):
        steps = []
        for _ in range(max_new_tokens):
            steps.append(self(input_ids, None, pixel_values).logits[:, -1])
            input_ids = torch.cat([input_ids, steps[-1].argmax(-1, keepdim=True)], 1)
        return types.SimpleNamespace(sequences=input_ids, logits=steps)


def moondream():
    v = T.SiglipVisionConfig(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                             image_size=56, patch_size=14, vision_use_head=False)
    text = T.PhiConfig(vocab_size=256 + len(MOON) + 1, hidden_size=HIDDEN, intermediate_size=4 * HIDDEN,
                       num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=1024,
                       rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": .5},
                       bos_token_id=None, eos_token_id=None, pad_token_id=None)
    net = Moondream(T.SiglipVisionModel(v), 16, T.PhiForCausalLM(text)).float().eval()

    def write(out):
        """As published files are: with the last layer twice, for programs that never run the last."""
        convert(net.llm, out + "/tiny.gguf", MOON)
        w = open_eyes(out + "/mmproj-tiny.gguf", v, "mlp", [.5] * 3, [.5] * 3, 3)
        w.add_bool("clip.has_llava_projector", True)
        w.add_bool("clip.use_gelu", True)
        tower = getattr(net.tower, "vision_model", net.tower)
        add_tower(w, tower, swapped=True)
        for name, p in tower.encoder.layers[1].named_parameters():
            add_part(w, 2, name, p, swapped=True)
        for i in (0, 2):
            add(w, f"mm.{i}.weight", net.connector[i].weight)
            add(w, f"mm.{i}.bias", net.connector[i].bias)
        finish(w)

    def prompt(grids):
        return [256] + [0] * len(grids) + list(f"\n\nQuestion: {TEXT}\n\nAnswer:".encode())

    def pixels(images):
        small = [np.asarray(i.resize((56, 56), Image.LANCZOS), np.float32) for i in images]
        return (np.stack(small).transpose(0, 3, 1, 2) / 255 - .5) / .5, [(0, 0)] * len(images)

    return dict(net=net, write=write, prompt=prompt, pixels=pixels, last="mm.2", connector=net.connector,
                tower=(net.tower, "v.post_ln"), tiles=False)


class Resampler(torch.nn.Module):
    """Queries that ask the rows of a picture once; keys know where their patch lies."""
    def __init__(self, queries, dim, rows_dim):
        super().__init__()
        self.query = torch.nn.Parameter(torch.zeros(queries, dim))
        self.kv = torch.nn.Linear(rows_dim, dim, bias=False)
        self.attn = torch.nn.MultiheadAttention(dim, dim // 128)
        self.ln_q, self.ln_kv, self.ln_post = (torch.nn.LayerNorm(dim, eps=1e-6) for _ in range(3))
        self.proj = torch.nn.Parameter(torch.zeros(dim, dim))

    def waves(self, wide, high):
        dim = self.proj.shape[0]
        speeds = 1 / 10000 ** (np.arange(dim // 4, dtype=np.float32) / (dim / 4))
        y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
        parts = [f(np.outer(at.reshape(-1), speeds)) for at in (x, y) for f in (np.sin, np.cos)]
        return torch.from_numpy(np.concatenate(parts, 1).astype(np.float32))

    def forward(self, x, wide, high):
        v = self.ln_kv(self.kv(x))
        y = self.attn(self.ln_q(self.query), v + self.waves(wide, high), v)[0]
        return self.ln_post(y) @ self.proj


class Eyes(torch.nn.Module):
    """SigLIP for pictures of any shape: a patch's position is where its part of the side lies."""
    def __init__(self, tower):
        super().__init__()
        self.tower = tower

    def forward(self, x):
        table = self.tower.embeddings.position_embedding.weight
        side, patches = round(len(table) ** 0.5), self.tower.embeddings.patch_embedding(x)
        edges = torch.arange(1 / side, 1.0, 1 / side)
        at = [torch.bucketize(torch.arange(0, 1 - 1e-6, 1 / n), edges, right=True) for n in patches.shape[2:]]
        where = (at[0][:, None] * side + at[1]).flatten()
        rows = patches.flatten(2).transpose(1, 2) + table[where]
        return self.tower.post_layernorm(self.tower.encoder(inputs_embeds=rows).last_hidden_state)


class MiniCpmV(torch.nn.Module):
    """The published model is code of its own, so what it does is said here."""
    def __init__(self, tower, resampler, llm):
        super().__init__()
        self.eyes, self.resampler, self.llm = Eyes(tower), resampler, llm

    def embeds(self, ids, pictures):
        x = self.llm.get_input_embeddings()(ids).clone()
        rows = [self.resampler(self.eyes(p)[0], p.shape[3] // 8, p.shape[2] // 8) for p in pictures]
        if rows:
            x[ids == 256] = torch.cat(rows)
        return x

    def forward(self, input_ids, attention_mask, pixel_values=()):
        return self.llm(inputs_embeds=self.embeds(input_ids, pixel_values))

    def generate(self, input_ids, attention_mask, pixel_values=(), **how):
        said = self.llm.generate(inputs_embeds=self.embeds(input_ids, pixel_values), attention_mask=attention_mask,
                                 **how)
        said.sequences = torch.cat([input_ids, said.sequences], 1)
        return said


def slices_of(image, side, patch, most=9):
    """The whole picture, then its slices by rows, and how many there are across and down."""
    def whole(n, of):
        return max(round(n / of) * of, of)

    def suited(width, height, grow):
        if width * height > side * side or grow:
            ratio = width / height
            height = int(side / math.sqrt(ratio))
            width = int(height * ratio)
        return whole(width, patch), whole(height, patch)

    width, height = image.size
    n = min(math.ceil(width * height / (side * side)), most)
    if n <= 1:
        return [image.resize(suited(width, height, True), Image.BICUBIC)], None
    grids = [(a, k // a) for k in (n - 1, n, n + 1) if 1 < k <= most for a in range(1, k + 1) if k % a == 0]
    across, down = min(grids, key=lambda g: abs(math.log(width / height) - math.log(g[0] / g[1])))
    w, h = suited(whole(width, across) / across, whole(height, down) / down, True)
    canvas = image.resize((w * across, h * down), Image.BICUBIC)
    return ([image.resize(suited(width, height, False), Image.BICUBIC)] +
            [canvas.crop((x * w, y * h, x * w + w, y * h + h)) for y in range(down) for x in range(across)],
            (across, down))


def minicpmv():
    side, patch, dim = 64, 8, RESAMPLED
    v = T.SiglipVisionConfig(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                             image_size=PLACES, patch_size=patch, vision_use_head=False)
    text = T.Qwen2Config(**{**text_config(256 + len(MINICPM) + 1), "hidden_size": dim, "intermediate_size": 64,
                            "num_hidden_layers": 1})
    tower = T.SiglipVisionModel(v)
    net = MiniCpmV(getattr(tower, "vision_model", tower), Resampler(16, dim, 64), T.Qwen2ForCausalLM(text)).float()
    net.eval()
    ids = {w: 256 + i for i, w in enumerate(MINICPM)}

    def write(out):
        convert(net.llm, out + "/tiny.gguf", MINICPM, "<|im_start|> <|im_end|>")
        v.image_size = side
        w = open_eyes(out + "/mmproj-tiny.gguf", v, "resampler", [.5] * 3, [.5] * 3)
        w.add_bool("clip.has_minicpmv_projector", True)
        w.add_int32("clip.minicpmv_version", 3)
        w.add_uint32("clip.minicpmv_query_num", 16)
        add_tower(w, net.eyes.tower)
        r = net.resampler
        for name, p in r.named_parameters():
            if name == "proj":
                add(w, "resampler.proj.weight", p.T)
            elif not name.startswith("attn.in"):
                add(w, "resampler." + name.replace("out_proj", "out"), p)
        for i, name in enumerate("qkv"):
            add(w, f"resampler.attn.{name}.weight", r.attn.in_proj_weight.chunk(3)[i])
            add(w, f"resampler.attn.{name}.bias", r.attn.in_proj_bias.chunk(3)[i])
        finish(w)

    def prompt(grids, first=0):
        out = [ids["<|im_start|>"]] + list(b"user\n")
        for i, grid in enumerate(grids, first):
            image = [256] * 16
            out += [ids["<image_id>"]] + list(str(i).encode()) + [ids["</image_id>"]]
            out += [ids["<image>"]] + image + [ids["</image>"]]
            for row in range(grid[1] if grid else 0):
                out += [10] * (row > 0) + ([ids["<slice>"]] + image + [ids["</slice>"]]) * grid[0]
            out += [10]
        return (out + list(TEXT.encode()) + [ids["<|im_end|>"], 10, ids["<|im_start|>"]] +
                list(b"assistant\n"))

    def normal(image):
        return (np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255 - .5) / .5

    def pixels(images):
        found = [slices_of(i, side, patch) for i in images]
        return [normal(s) for slices, _ in found for s in slices], [grid for _, grid in found]

    return dict(net=net, write=write, prompt=prompt, pixels=pixels, last="resampler.proj",
                turns=(0, [ids["<|im_end|>"], 10]), numbered=True,
                feed=lambda images: dict(pixel_values=[torch.from_numpy(p) for p in pixels(images)[0]]),
                connector=net.resampler, each=True, tower=(net.eyes, "v.post_ln"), tiles=False)


def run(m, out, images, asked=None):
    """One question about the pictures: the last picture's pixels and rows, logits and answer."""
    os.makedirs(out, exist_ok=True)
    values, grids = m["pixels"](images)
    ids = torch.tensor([asked or m["prompt"](grids)])
    kept = []
    hooks = [m["connector"].register_forward_hook(lambda _m, _i, y: kept.append(m.get("unwrap", lambda v: v)(y)))]
    seen = []
    if "tower" in m:
        rows_of = m["tower"][2] if len(m["tower"]) > 2 else lambda y: getattr(y, "last_hidden_state", y)
        hooks += [m["tower"][0].register_forward_hook(lambda _m, _i, y: seen.append(rows_of(y)))]
    x = dict(input_ids=ids, attention_mask=torch.ones_like(ids))
    x.update(m["feed"](images) if "feed" in m else
             dict(pixel_values=torch.from_numpy(values[None] if m["tiles"] else values)))
    x.update(m["more"](ids) if "more" in m else {})
    with torch.no_grad():
        logits = m["net"](**x).logits[0, -1:]
        for hook in hooks:
            hook.remove()
        said = m["net"].generate(**x, max_new_tokens=32, do_sample=False, output_logits=True,
                                 return_dict_in_generate=True)
    answer = keep_answer(m, out, ids, logits, said)
    size = values[-1].shape[-1]
    np.save(f"{out}/pixels.npy", values[-1].reshape(-1, size).astype("<f4"))
    one = m["row"](images) if "row" in m else -1
    rows = kept[-1] if m.get("each") else kept[0][one]
    np.save(f"{out}/{m['last']}.npy", rows.detach().numpy().astype("<f4"))
    if seen:
        np.save(f"{out}/{m['tower'][1]}.npy", np.ascontiguousarray(seen[-1][one].numpy()).astype("<f4"))
    return answer


def keep_answer(m, out, ids, logits, said):
    answer = said.sequences[0, ids.shape[1]:]
    np.save(f"{out}/logits.npy", logits.numpy().astype("<f4"))
    np.save(f"{out}/answer.npy", answer.numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(out, len(ids[0]), "tokens", answer.tolist(), "smallest margin", min(gaps))
    return answer.tolist()


def run_words(m, out, images, asked=None):
    """The same, of which only logits and answer are kept."""
    run(m, out, images, asked)
    for name in os.listdir(out):
        if name not in ("answer.npy", "logits.npy"):
            os.remove(f"{out}/{name}")


def run_blind(m, out):
    """A question without a picture."""
    os.makedirs(out, exist_ok=True)
    ids = torch.tensor([m.get("blind", m["prompt"]([]))])
    x = dict(input_ids=ids, attention_mask=torch.ones_like(ids), **(m["more"](ids) if "more" in m else {}))
    with torch.no_grad():
        logits = m["net"](**x).logits[0, -1:]
        said = m["net"].generate(**x, max_new_tokens=32, do_sample=False, output_logits=True,
                                 return_dict_in_generate=True)
    keep_answer(m, out, ids, logits, said)


def second_turn(m, answer, images):
    """What was asked and answered, the end of an answer, and a question about one more picture."""
    opening, close = m["turns"]
    _, grids = m["pixels"](images)
    numbered = dict(first=len(grids) - 1) if m.get("numbered") else {}
    return m["prompt"](grids[:-1]) + answer + close + m["prompt"](grids[-1:], **numbered)[opening:]


def make(out, name):
    m = globals()[name]()
    randomise(m["net"], m.get("seed", 5))
    os.makedirs(out, exist_ok=True)
    if "write" in m:
        m["write"](out)
    else:
        write_text(out + "/tiny.gguf", m["text"], m["net"].lm_head, m["words"], m["template"], m["bos"])
        m["eyes"](out + "/mmproj-tiny.gguf")
    picture(90, 60).save(out + "/wide.png")
    picture(20, 70).save(out + "/high.png")
    answer = run(m, out + "/one", [picture(90, 60)])
    run(m, out + "/two", [picture(90, 60), picture(20, 70)])
    run_blind(m, out + "/none")
    run_words(m, out + "/three", [picture(90, 60), picture(20, 70), picture(90, 60)])
    if "turns" in m:
        images = [picture(90, 60), picture(20, 70)]
        run_words(m, out + "/turns", images, second_turn(m, answer[:TAKEN], images))
    if m.get("large"):  # of more rows than are read at once; what it gives in between would be large, too
        run_words(m, out + "/large", [pattern(420, 320)])
    keep_pixels(m, out)


def pixel_sum(tile, mean, std):
    """FNV-1a of the planes' values as they were before they were normalised, times 510, 16 bits each."""
    planes = tile.reshape(3, -1).astype(np.float64)
    steps = np.floor(510 * (planes * std[:, None] + mean[:, None]) + .5).astype(np.int64).astype("<u2")
    total = 0xcbf29ce484222325
    for byte in steps.tobytes():
        total = (total ^ byte) * 0x100000001b3 % 2 ** 64
    return f"{total:016x}"


def keep_pixels(m, out):
    fields = gguf.GGUFReader(out + "/mmproj-tiny.gguf").fields
    mean, std = (np.float32(fields["clip.vision.image_" + k].contents()).astype(np.float64) for k in ("mean", "std"))
    found, sums = {}, {}
    for width, height in SIZES + [OWN]:
        size = f"{width}x{height}"
        try:
            values, _ = m["pixels"]([pattern(width, height)])
        except ValueError:  # refused
            found[size] = sums[size] = None
            continue
        found[size] = [[float(v) for v in tile.reshape(-1)[::991]] for tile in values]
        sums[size] = [pixel_sum(np.asarray(tile), mean, std) for tile in values]
    for name, what in (("pixels", found), ("sums", sums)):
        with open(f"{out}/{name}.json", "w") as f:
            json.dump(what, f)


def main():
    for name in ("smolvlm", "llava", "llava_siglip", "llava_next", "gemma3", "minicpmv", "paligemma", "moondream", "qwen2vl", "qwen25vl", "qwen3vl", "internvl", "internvl_6b"):
        if len(sys.argv) > 2 and name not in sys.argv[2:] and sys.argv[2:] != ["--pixels"]:
            continue
        if "--pixels" in sys.argv:
            keep_pixels(globals()[name](), f"{sys.argv[1]}/{name}")
        else:
            make(f"{sys.argv[1]}/{name}", name)


if __name__ == "__main__":
    main()

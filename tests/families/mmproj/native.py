"""Models whose eyes take pictures of any size, for make_golden.py."""
import gguf
import numpy as np
import torch
import transformers as T
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.vision_utils import get_vision_window_index

from convert import convert

TEXT, HIDDEN, WIDE, WINDOW = "What?", 64, 96, 56
WORDS = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
IDS = {w: 256 + i for i, w in enumerate(WORDS)}
SYSTEM = "You are a helpful assistant."
TEMPLATE = SYSTEM + "<|im_start|> <|im_end|>"
ROWS = 768  # of the decoder, three quarters of the context: what a picture may take
MERGE = 2


ADD_DIM = gguf.GGUFWriter.add_vision_projection_dim


def add_keys(keys):
    """Numbers that published files leave to their defaults, from the next file on."""
    def add(writer, value):
        ADD_DIM(writer, value)
        for key, number in keys:
            writer.add_uint32("clip.vision." + key, number)
    gguf.GGUFWriter.add_vision_projection_dim = add


def grids_of(inputs):
    return [tuple(int(n) for n in g[1:]) for g in inputs["image_grid_thw"]]


def planes(patches, grid, patch):
    """The processor's patches, four neighbours after four neighbours, as one picture again."""
    high, wide = grid
    x = patches.reshape(high // MERGE, wide // MERGE, MERGE, MERGE, 3, 2, patch, patch)[:, :, :, :, :, 0]
    return x.transpose(4, 0, 2, 5, 1, 3, 6).reshape(3, high * patch, wide * patch)


def reading_order(rows, grid):
    """Rows of patches, four neighbours after four neighbours, line by line."""
    high, wide = grid
    x = rows.reshape(high // MERGE, wide // MERGE, MERGE, MERGE, -1)
    return x.permute(0, 2, 1, 3, 4).reshape(high * wide, -1)


def family(net, patch, least, system, template, window=0, most=ROWS, seed=5, keys=()):
    process = Qwen2VLImageProcessorPil(patch_size=patch, merge_size=MERGE, size={
        "shortest_edge": least * (patch * MERGE) ** 2, "longest_edge": most * (patch * MERGE) ** 2})
    visual, newest = net.model.visual, {}

    def write(out):
        convert(net, out + "/tiny.gguf", WORDS, template)
        add_keys(keys)
        convert(net, out + "/mmproj-tiny.gguf", WORDS, processor=process, eyes=True)

    def pixels(images):
        inputs = process(images, return_tensors="np")
        newest["grids"] = grids = grids_of(inputs)
        ends = np.cumsum([h * w for h, w in grids])
        parts = np.split(inputs["pixel_values"], ends[:-1])
        return [planes(p, g, patch) for p, g in zip(parts, grids)], grids

    def feed(images):
        inputs = process(images, return_tensors="pt")
        return dict(pixel_values=inputs["pixel_values"], image_grid_thw=inputs["image_grid_thw"])

    opening = [IDS["<|im_start|>"]] + list(f"system\n{system}".encode()) + [IDS["<|im_end|>"], 10] if system else []

    def prompt(grids):
        out = opening + [IDS["<|im_start|>"]] + list(b"user\n")
        for h, w in grids:
            out += [IDS["<|vision_start|>"]] + [IDS["<|image_pad|>"]] * (h * w // MERGE ** 2) + [IDS["<|vision_end|>"]]
        return (out + list(TEXT.encode()) + [IDS["<|im_end|>"], 10, IDS["<|im_start|>"]] + list(b"assistant\n"))

    def more(token_ids):
        return dict(mm_token_type_ids=(token_ids == IDS["<|image_pad|>"]).int())

    def tower_rows(y):
        if window:
            index, _ = get_vision_window_index(torch.tensor([(1, h, w) for h, w in newest["grids"]]), MERGE, window,
                                               patch)
            y = y.reshape(len(index), MERGE ** 2, -1)[torch.argsort(index)].reshape(y.shape)
        h, w = newest["grids"][-1]
        return reading_order(y[-h * w:], (h, w))[None]

    def last_rows(y):
        h, w = newest["grids"][-1]
        rows = y.pooler_output[-(h * w // MERGE ** 2):]
        deep = getattr(y, "deepstack_features", None) or []
        return torch.cat([rows] + [d[-len(rows):] for d in deep], 1)

    norm = visual.merger.ln_q if hasattr(visual.merger, "ln_q") else visual.merger.norm
    last = "mm.beside" if hasattr(visual, "deepstack_merger_list") else "mm.2"
    return dict(net=net, write=write, prompt=prompt, pixels=pixels, feed=feed, more=more, each=True, tiles=False,
                last=last, connector=visual, unwrap=last_rows, tower=(norm, "v.post_ln", tower_rows), large=True,
                seed=seed, turns=(len(opening), [IDS["<|im_end|>"], 10]))


def text_config(sections, **more):
    return dict(vocab_size=256 + len(WORDS) + 1, hidden_size=HIDDEN, intermediate_size=WIDE, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024, rms_norm_eps=1e-6,
                tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=None,
                rope_parameters={"rope_type": "default", "rope_theta": 1e4, "mrope_section": [s * HIDDEN // 64 for s in sections]}, **more)


TOKENS = dict(image_token_id=IDS["<|image_pad|>"], video_token_id=IDS["<|video_pad|>"],
              vision_start_token_id=IDS["<|vision_start|>"], vision_end_token_id=IDS["<|vision_end|>"],
              tie_word_embeddings=False)


def qwen2vl():
    v = dict(depth=3, embed_dim=64, hidden_size=HIDDEN, num_heads=4, mlp_ratio=2, patch_size=14)
    c = T.Qwen2VLConfig(text_config=text_config([2, 3, 3]), vision_config=v, **TOKENS)
    return family(T.Qwen2VLForConditionalGeneration(c).float().eval(), 14, 4, SYSTEM, TEMPLATE)


def qwen25vl():
    """Windows of 56 pixels (WINDOW): most pictures have some that are cut off."""
    v = dict(depth=4, hidden_size=64, out_hidden_size=HIDDEN, num_heads=4, intermediate_size=96, patch_size=14,
             window_size=WINDOW, fullatt_block_indexes=[1, 3])
    c = T.Qwen2_5_VLConfig(text_config=text_config([2, 3, 3]), vision_config=v, **TOKENS)
    return family(T.Qwen2_5_VLForConditionalGeneration(c).float().eval(), 14, 4, SYSTEM, TEMPLATE, WINDOW, 300, 10,
                  (("window_size", WINDOW), ("image_max_pixels", 300 * 28 * 28)))


INTERN = ["<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>"]


def internvl_6b():
    """The tower of InternVL3-38B: norms by the root mean square, of q and k, too, and no bias of q, k and v."""
    return internvl(dict(hidden_size=32, intermediate_size=64, num_attention_heads=2, attention_bias=False,
                         use_qk_norm=True, norm_type="rms_norm", layer_norm_eps=1e-6), 7)


def internvl(tower=None, seed=6):
    ids, side = {w: 256 + i for i, w in enumerate(INTERN)}, 56
    v = {**dict(hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, image_size=side,
                patch_size=14, attention_bias=True, use_mean_pooling=True), **(tower or {})}
    text = dict(vocab_size=256 + len(INTERN) + 1, hidden_size=HIDDEN, intermediate_size=WIDE, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024, rms_norm_eps=1e-6,
                tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=None)
    c = T.InternVLConfig(text_config={**text, "model_type": "qwen2"}, vision_config=v, image_seq_length=4,
                         image_token_id=ids["<IMG_CONTEXT>"], tie_word_embeddings=False)
    net = T.InternVLForConditionalGeneration(c).float().eval()
    process = GotOcr2ImageProcessorPil(size={"height": side, "width": side}, crop_to_patches=True, min_patches=1,
                                       max_patches=6, image_mean=[.485, .456, .406], image_std=[.229, .224, .225])

    def config(c):
        c.update(min_dynamic_patch=1, max_dynamic_patch=6)
        c["vision_config"]["architectures"] = ["InternVisionModel"]

    def write(out):
        llm = T.Qwen2ForCausalLM(T.Qwen2Config(**text))
        llm.model, llm.lm_head = net.model.language_model, net.lm_head
        convert(llm, out + "/tiny.gguf", INTERN, "<|im_start|> <|im_end|>")
        convert(net, out + "/mmproj-tiny.gguf", INTERN, processor=process, eyes=True, config=config,
                names=lambda n: n if n.startswith("model.") else "model." + n)

    def pixels(images):
        found = [process([i], return_tensors="np")["pixel_values"] for i in images]
        return np.concatenate(found), [len(f) for f in found]

    def prompt(tiles):
        out = [ids["<|im_start|>"]] + list(b"user\n")
        for n in tiles:
            out += [ids["<img>"]] + [ids["<IMG_CONTEXT>"]] * 4 * n + [ids["</img>"], 10]
        return out + list(TEXT.encode()) + [ids["<|im_end|>"], 10, ids["<|im_start|>"]] + list(b"assistant\n")

    return dict(net=net, write=write, prompt=prompt, pixels=pixels, tiles=False, last="mm.model.mlp.3", seed=seed,
                turns=(0, [ids["<|im_end|>"], 10]),
                connector=net.model.multi_modal_projector,
                tower=(net.model.vision_tower.encoder.layer[-1], "v.blk.3.add",
                       lambda y: y[0] if isinstance(y, tuple) else y))


def qwen3vl():
    v = dict(depth=3, hidden_size=64, out_hidden_size=HIDDEN, num_heads=4, intermediate_size=96, patch_size=8,
             num_position_embeddings=25, deepstack_visual_indexes=[0, 2])
    text = text_config([4, 2, 2], head_dim=HIDDEN // 4)
    text["num_hidden_layers"] = 3
    text["rope_parameters"]["mrope_interleaved"] = True
    c = T.Qwen3VLConfig(text_config=text, vision_config=v, **TOKENS)
    return family(T.Qwen3VLForConditionalGeneration(c).float().eval(), 8, 4, "", "<|im_start|> <|im_end|>",
                  keys=[("image_min_pixels", 4 * 16 * 16)])

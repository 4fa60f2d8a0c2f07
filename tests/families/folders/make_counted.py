"""Makes models of the published widths with one layer of each kind, whose weights are counted, not kept: each number
is told from its tensor's name and its place, here and in ../test_wide.c alike. Of the weights the repository holds
their names and shapes (header.json); of what transformers computes the last rows, the logits and four words.

    python3 make_counted.py OUT [NAME ...]      # needs what make_golden.py needs, and 10 GB of memory
"""
import json
import os
import sys
import tempfile

import numpy as np
import torch
import transformers as T

import make_golden
import make_mllama
import make_qformer
from make_golden import LETTERS, TAIL, byte_level, eyes, numbers, sentence_pieces

WORDS, ROWS, CHUNK = 4, 2, 1 << 24


def hash_of(name):
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 % 2 ** 32
    return h


def bytes_of(seed, start, n):
    """One signed byte a place."""
    with np.errstate(over="ignore"):
        x = np.arange(start, start + n, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return (x >> np.uint32(24)).astype(np.int32) - 128


def values(name, shape, start, n):
    """f32 numbers that are exact in bf16."""
    b = bytes_of(hash_of(name), start, n)
    count, wide = int(np.prod(shape)), len(shape) > 1
    if count == 1:
        return np.full(n, 0.5, np.float32)
    if not wide and "norm" in name and name.endswith("weight"):
        return (1 + (b >> 4) / 64).astype(np.float32)
    v = ((b + 0.5) / 128).astype(np.float32)
    if name.endswith("bias"):
        return v / 8
    if "embed_tokens" in name:
        return v / 16
    if not wide or any(w in name for w in ("embedding", "embed_positions", "latents", "query_tokens")):
        return v / 2
    k = 0
    while 4 ** (k + 1) <= count // shape[0]:
        k += 1
    return v * np.float32(2.0 ** (1 - k))  # columns from 4^k on: about 2 / sqrt(columns)


def count(path):
    """The file's tensors, anew; returns its header."""
    with open(path, "r+b") as f:
        size = int.from_bytes(f.read(8), "little")
        header = json.loads(f.read(size))
        for name, t in header.items():
            if name == "__metadata__":
                continue
            assert t["dtype"] == "BF16", (name, t)
            n = int(np.prod(t["shape"]))
            f.seek(8 + size + t["data_offsets"][0])
            for at in range(0, n, CHUNK):
                v = values(name, t["shape"], at, min(CHUNK, n - at))
                f.write((v.view(np.uint32) >> np.uint32(16)).astype("<u2").tobytes())
    return header


def write(out, net, ids, seen, ends, **more):
    with torch.no_grad():
        said = net.generate(input_ids=ids, max_new_tokens=WORDS, min_new_tokens=WORDS, do_sample=False,
                            output_logits=True, attention_mask=torch.ones_like(ids), return_dict_in_generate=True, **more)
        logits = net(input_ids=ids, **more).logits[0, -1:]
    for name, rows in seen.items():
        if name != "pixels":
            np.save(f"{out}/{name}.npy", rows.reshape(-1, rows.shape[-1])[-ROWS:].float().numpy().astype("<f4"))
    np.save(out + "/logits.npy", logits.numpy().astype("<f4"))
    answer = said.sequences[0, ids.shape[1]:].tolist()
    np.save(out + "/answer.npy", np.array(answer, "<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(out, ids.shape[1], "tokens", answer, "smallest margin", min(gaps), "size of logits", float(logits.std()))


make_golden.write = make_mllama.write = make_qformer.write = write


def idefics2():
    make_golden.LATENTS, make_golden.PATCH = 64, 14
    t = sentence_pieces([make_golden.EDGE, "<image>", "<end_of_utterance>"])
    v = dict(hidden_size=1152, intermediate_size=4304, num_hidden_layers=1, num_attention_heads=16, image_size=980,
             patch_size=14)
    p = dict(hidden_size=4096, resampler_n_latents=64, resampler_depth=1, resampler_n_heads=16,
             resampler_head_dim=96, num_key_value_heads=4)
    text = numbers(t.get_vocab_size(), rms_norm_eps=1e-5, sliding_window=None, hidden_size=4096,
                   intermediate_size=14336, num_attention_heads=32, num_key_value_heads=8, num_hidden_layers=1,
                   rope_parameters={"rope_type": "default", "rope_theta": 1e4})
    c = T.Idefics2Config(vision_config=v, perceiver_config=p, image_token_id=t.token_to_id("<image>"),
                         text_config={**text, "model_type": "mistral"})
    cls = __import__("transformers.models.idefics2.image_processing_pil_idefics2", fromlist=["x"])
    process = cls.Idefics2ImageProcessorPil(size={"longest_edge": 280, "shortest_edge": 140}, do_image_splitting=False)
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
                "chat_template": make_golden.IDEFICS_TEMPLATE}
    return T.Idefics2ForConditionalGeneration, c, t, settings, process, make_golden.ask_idefics2


def mllama():
    """Tiles of 8 x 8 patches: 40 x 40 would only take longer."""
    side = make_mllama.SIDE = 112
    make_mllama.PATCH = 14
    t = byte_level(LETTERS + r"\p{N}{1,3}" + TAIL, make_mllama.WORDS, whole=True)
    image = make_mllama.WORD_IMAGE = t.token_to_id("<|image|>")
    v = dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=1, num_global_layers=1, attention_heads=16,
             image_size=side, patch_size=14, intermediate_layers_indices=[0], vision_output_dim=2 * 1280)
    text = numbers(image, hidden_size=4096, intermediate_size=14336, num_attention_heads=32, num_key_value_heads=8,
                   num_hidden_layers=2, cross_attention_layers=[1], rms_norm_eps=1e-5,
                   bos_token_id=t.token_to_id(make_mllama.WORDS[0]), eos_token_id=t.token_to_id("<|eot_id|>"),
                   rope_parameters={"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0,
                                    "high_freq_factor": 4.0, "original_max_position_embeddings": 8192})
    c = T.MllamaConfig(vision_config=v, text_config=text, image_token_index=image)
    cls = __import__("transformers.models.mllama.image_processing_pil_mllama", fromlist=["x"])
    process = cls.MllamaImageProcessorPil(size={"height": side, "width": side}, max_image_tiles=make_mllama.TILES)
    settings = {"bos_token": make_mllama.WORDS[0], "eos_token": "<|eot_id|>", "add_bos_token": True,
                "chat_template": make_mllama.TEMPLATE}
    turn = ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n<|image|>What is it?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n")
    return (T.MllamaForConditionalGeneration, c, t, settings, process,
            lambda *given: make_mllama.ask(*given, turn))


def blip2():
    make_qformer.SIDE, make_qformer.QUERIES = 224, 32
    v = dict(hidden_size=1408, intermediate_size=6144, num_hidden_layers=1, num_attention_heads=16, image_size=224,
             patch_size=14)
    q = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=2, num_attention_heads=12,
             cross_attention_frequency=2, encoder_hidden_size=1408, vocab_size=8)
    t = byte_level(None, ["<pad>", "</s>", "<image>"], "</s>")
    end, pad = t.token_to_id("</s>"), t.token_to_id("<pad>")
    text = dict(model_type="opt", vocab_size=t.get_vocab_size() + 4, hidden_size=2560, ffn_dim=10240,
                num_hidden_layers=1, num_attention_heads=32, max_position_embeddings=128, word_embed_proj_dim=2560,
                bos_token_id=end, eos_token_id=end, pad_token_id=pad)
    c = T.Blip2Config(vision_config=v, qformer_config=q, text_config=text, num_query_tokens=32,
                      image_token_index=t.token_to_id("<image>"))
    cls = __import__("transformers.models.blip.image_processing_pil_blip", fromlist=["x"]).BlipImageProcessorPil
    settings = {"bos_token": "</s>", "eos_token": "</s>", "add_bos_token": True}
    return (T.Blip2ForConditionalGeneration, c, t, settings, cls(size={"height": 224, "width": 224}),
            lambda *given: make_qformer.ask(*given, "Question: What is it? Answer:"))


# The converter families' models of ../mmproj, which keep their pictures and patches and get these widths.
LLAMA = dict(hidden_size=4096, intermediate_size=11008, num_attention_heads=32, num_key_value_heads=32)
QWEN = dict(hidden_size=3584, intermediate_size=18944, num_attention_heads=28, num_key_value_heads=4)
SO400M = dict(hidden_size=1152, intermediate_size=4304, num_attention_heads=16, num_hidden_layers=1)
MROPE = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
WIDER = {
    "smolvlm": ("SmolVLMConfig", SO400M, dict(hidden_size=2048, intermediate_size=8192, num_attention_heads=32,
                                              num_key_value_heads=32)),
    "llava": ("LlavaConfig", dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16,
                                  num_hidden_layers=2), LLAMA),
    "llava_siglip": ("LlavaConfig", {**SO400M, "num_hidden_layers": 2},
                     dict(hidden_size=1024, intermediate_size=2816, num_attention_heads=16, num_key_value_heads=16)),
    "internvl": ("InternVLConfig", dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16,
                                        num_hidden_layers=1), QWEN),
    "gemma3": ("Gemma3Config", SO400M,
               dict(hidden_size=2560, intermediate_size=10240, num_attention_heads=8, num_key_value_heads=4, head_dim=256,
                    query_pre_attn_scalar=256)),
    "qwen2vl": ("Qwen2VLConfig", dict(embed_dim=1280, hidden_size=3584, num_heads=16, mlp_ratio=4, depth=1),
                {**QWEN, "rope_parameters": MROPE}),
    "qwen25vl": ("Qwen2_5_VLConfig", dict(hidden_size=1280, intermediate_size=3420, num_heads=16, out_hidden_size=3584,
                                          depth=2, fullatt_block_indexes=[1]), {**QWEN, "rope_parameters": MROPE}),
    "qwen3vl": ("Qwen3VLConfig", dict(hidden_size=1024, intermediate_size=4096, num_heads=16, out_hidden_size=2560,
                                      depth=2, deepstack_visual_indexes=[0]),
                dict(hidden_size=2560, intermediate_size=9728, num_attention_heads=32, num_key_value_heads=8, head_dim=128,
                     rope_parameters={"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20],
                                      "mrope_interleaved": True})),
}


def make_wider(out, name):
    config, vision, text = WIDER[name]
    usual, layers = getattr(T, config), 6 if name == "gemma3" else 1  # one layer of six sees all
    setattr(T, config, lambda **given: usual(**{
        **given, "vision_config": {**given["vision_config"], **vision},
        "text_config": {**given["text_config"], **text, "num_hidden_layers": layers}}))
    eyes.TEXT = sys.modules["native"].TEXT = "What is it?"
    m = getattr(eyes, name)()
    if name.startswith(("llava", "internvl")):
        del m["tower"]  # its rows are those of a layer of the small one
    folder, net = f"{out}/{name}", m["net"]
    with tempfile.TemporaryDirectory() as made:
        make_golden.copy.deepcopy(net).to(torch.bfloat16).save_pretrained(made, max_shard_size="20GB")
        header = count(made + "/model.safetensors")
        net.load_state_dict(type(net).from_pretrained(made, dtype=torch.float32).state_dict())
        net.eval()
        os.makedirs(folder, exist_ok=True)
        for file in ("config.json", "generation_config.json"):
            if os.path.exists(f"{made}/{file}"):
                os.replace(f"{made}/{file}", f"{folder}/{file}")
    header.pop("__metadata__", None)
    with open(folder + "/header.json", "w") as f:
        f.write(json.dumps(header) + "\n")
    settings = make_golden.settings_of(m, name)
    make_golden.byte_words(m["words"]).save(folder + "/tokenizer.json")
    with open(folder + "/tokenizer_config.json", "w") as f:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", **settings}, f, indent=1)
    path, cls, how = make_golden.SEEING[name]
    getattr(__import__(path, fromlist=["x"]), cls)(**how).save_pretrained(folder)
    eyes.picture(90, 60).save(f"{folder}/wide.png")
    eyes.run(m, f"{folder}/one", [eyes.picture(90, 60)])
    for file in os.listdir(f"{folder}/one"):
        rows = np.load(f"{folder}/one/{file}")
        if file == "pixels.npy":
            os.remove(f"{folder}/one/{file}")
        elif file == "answer.npy":
            np.save(f"{folder}/one/{file}", rows[:WORDS])
        else:
            np.save(f"{folder}/one/{file}", np.ascontiguousarray(rows.reshape(-1, rows.shape[-1])[-ROWS:]))


def make(out, name):
    kind, config, tokenizer, settings, process, ask = globals()[name]()
    folder = f"{out}/{name}"
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        torch.set_default_dtype(torch.bfloat16)
        kind(config).save_pretrained(made, max_shard_size="20GB")
        torch.set_default_dtype(torch.float32)
        header = count(made + "/model.safetensors")
        net = kind.from_pretrained(made, dtype=torch.float32).eval()
        for file in ("config.json", "generation_config.json"):
            if os.path.exists(f"{made}/{file}"):
                os.replace(f"{made}/{file}", f"{folder}/{file}")
    header.pop("__metadata__", None)
    with open(folder + "/header.json", "w") as f:
        f.write(json.dumps(header) + "\n")
    tokenizer.save(folder + "/tokenizer.json")
    with open(folder + "/tokenizer_config.json", "w") as f:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", **settings}, f, indent=1)
    process.save_pretrained(folder)
    words = T.AutoTokenizer.from_pretrained(folder)
    picture = eyes.picture(90, 60)
    picture.save(f"{folder}/wide.png")
    ask(net, words, process, f"{folder}/one", [picture])


def main():
    for name in ("blip2", "idefics2", "mllama"):
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make(sys.argv[1], name)
    for name in WIDER:
        if name in sys.argv[2:]:
            make_wider(sys.argv[1], name)


if __name__ == "__main__":
    main()

"""Makes models of the published widths with few layers and few words, random, and what transformers computes of them.

    python3 make_wide.py OUT NAME      # one of MODULES; needs what make_golden.py needs; qwenvl: behind it CODE

Too large to be kept: to be made, compared with `vidi dump` (vidi compare OUT/NAME/one FOLDER) and thrown away. One
picture, and what follows its question, no answer: each word would take the reference as long again.
"""
import os
import sys

import numpy as np

import torch
import transformers as T

import make_blip
import make_git
import make_golden
import make_idefics
import make_kosmos2
import make_mllama
import make_qformer
import make_qwenvl
from make_golden import LETTERS, TAIL, byte_level, numbers, sentence_pieces, unigram_words


def blip():
    make_blip.SIDE = 384
    v = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=2, num_attention_heads=12, image_size=384,
             patch_size=16)
    t = dict(vocab_size=len(make_blip.PIECES) + 2, hidden_size=768, encoder_hidden_size=768, intermediate_size=3072,
             num_hidden_layers=2, num_attention_heads=12, max_position_embeddings=512, bos_token_id=make_blip.FIRST,
             eos_token_id=2, sep_token_id=make_blip.SEP, pad_token_id=0)
    return T.BlipForConditionalGeneration(T.BlipConfig(vision_config=v, text_config=t)).float().eval()


def idefics():
    make_idefics.SIDE = 224
    t = sentence_pieces(make_idefics.ADDED)
    n = len(make_idefics.ADDED)
    c = T.IdeficsConfig(
        vocab_size=t.get_vocab_size() - n, additional_vocab_size=n, hidden_size=4096, intermediate_size=11008,
        num_hidden_layers=2, num_attention_heads=32, alpha_type="vector", cross_layer_interval=2, qk_layer_norms=True,
        use_resampler=True, pad_token_id=None,
        vision_config=dict(embed_dim=1280, image_size=224, patch_size=14, intermediate_size=5120, num_hidden_layers=2,
                           num_attention_heads=16),
        perceiver_config=dict(use_resampler=True, resampler_n_latents=64, resampler_depth=2, resampler_n_heads=16,
                              resampler_head_dim=96, qk_layer_norms_perceiver=True))
    return T.IdeficsForVisionText2Text(c).float().eval(), t


def kosmos2():
    make_kosmos2.SIDE, make_kosmos2.LATENTS = 224, 64
    t = unigram_words(False)
    t.add_special_tokens(["<image>", "</image>", "<grounding>", *make_kosmos2.SAID])
    words = t.get_vocab_size(with_added_tokens=True)
    text = dict(vocab_size=words + 3, embed_dim=2048, layers=2, ffn_dim=8192, attention_heads=32,
                max_position_embeddings=2048, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    v = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=2, num_attention_heads=16, image_size=224,
             patch_size=14)
    c = T.Kosmos2Config(text_config=text, vision_config=v, latent_query_num=64)
    return T.Kosmos2ForConditionalGeneration(c).float().eval(), t


def mllama():
    make_mllama.SIDE, make_mllama.PATCH = 560, 14
    t = byte_level(LETTERS + r"\p{N}{1,3}" + TAIL, make_mllama.WORDS, whole=True)
    image = t.token_to_id("<|image|>")
    v = dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=2, num_global_layers=1, attention_heads=16,
             image_size=560, patch_size=14, intermediate_layers_indices=[0, 1], vision_output_dim=3 * 1280)
    text = numbers(image, hidden_size=4096, intermediate_size=14336, num_attention_heads=32, num_key_value_heads=8,
                   num_hidden_layers=2, cross_attention_layers=[1], rms_norm_eps=1e-5,
                   bos_token_id=t.token_to_id(make_mllama.WORDS[0]), eos_token_id=t.token_to_id("<|eot_id|>"),
                   rope_parameters={"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0,
                                    "high_freq_factor": 4.0, "original_max_position_embeddings": 8192})
    c = T.MllamaConfig(vision_config=v, text_config=text, image_token_index=image)
    return T.MllamaForConditionalGeneration(c).float().eval(), t


def git():
    make_git.SIDE = 224
    v = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=2, num_attention_heads=12, image_size=224,
             patch_size=16)
    c = T.GitConfig(vision_config=v, vocab_size=len(make_git.PIECES) + 3, hidden_size=768, num_hidden_layers=2,
                    num_attention_heads=12, intermediate_size=3072, max_position_embeddings=1024,
                    bos_token_id=make_git.CLS, eos_token_id=make_git.SEP, pad_token_id=0)
    return T.GitForCausalLM(c).float().eval()


def asking_eyes():
    make_qformer.SIDE, make_qformer.QUERIES = 224, 32
    make_qformer.EYES = dict(hidden_size=1408, intermediate_size=6144, num_hidden_layers=2, num_attention_heads=16,
                             image_size=224, patch_size=14)
    make_qformer.ASKING = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=2, num_attention_heads=12,
                               cross_attention_frequency=2, encoder_hidden_size=1408)


def blip2():
    asking_eyes()
    t = byte_level(None, ["<pad>", "</s>", "<image>"], "</s>")
    text = dict(model_type="opt", vocab_size=t.get_vocab_size() + 4, hidden_size=2560, ffn_dim=10240,
                num_hidden_layers=2, num_attention_heads=32, max_position_embeddings=2048, word_embed_proj_dim=2560,
                bos_token_id=t.token_to_id("</s>"), eos_token_id=t.token_to_id("</s>"),
                pad_token_id=t.token_to_id("<pad>"))
    c = T.Blip2Config(vision_config=make_qformer.EYES, qformer_config={**make_qformer.ASKING, "vocab_size": 8},
                      text_config=text, num_query_tokens=32, image_token_index=t.token_to_id("<image>"))
    settings = {"bos_token": "</s>", "eos_token": "</s>", "add_bos_token": True}
    return T.Blip2ForConditionalGeneration(c), t, settings, f"Question: {make_qformer.QUESTION} Answer:"


def instructblip():
    asking_eyes()
    t = sentence_pieces(["<image>"])
    text = {**numbers(t.get_vocab_size(), rms_norm_eps=1e-6, hidden_size=4096, intermediate_size=11008,
                      num_attention_heads=32, num_key_value_heads=32, bos_token_id=1, eos_token_id=2),
            "model_type": "llama"}
    c = T.InstructBlipConfig(vision_config=make_qformer.EYES, text_config=text, num_query_tokens=32,
                             qformer_config={**make_qformer.ASKING, "vocab_size": len(make_qformer.PIECES) + 3,
                                             "max_position_embeddings": 512},
                             image_token_index=t.token_to_id("<image>"))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}
    return T.InstructBlipForConditionalGeneration(c), t, settings, make_qformer.QUESTION


def idefics2():
    make_golden.LATENTS, make_golden.PATCH = 64, 14
    t = sentence_pieces([make_golden.EDGE, "<image>", "<end_of_utterance>"])
    v = dict(hidden_size=1152, intermediate_size=4304, num_hidden_layers=2, num_attention_heads=16, image_size=980,
             patch_size=14)
    p = dict(hidden_size=4096, resampler_n_latents=64, resampler_depth=3, resampler_n_heads=16,
             resampler_head_dim=96, num_key_value_heads=4)
    text = numbers(t.get_vocab_size(), rms_norm_eps=1e-5, sliding_window=None, hidden_size=4096,
                   intermediate_size=14336, num_attention_heads=32, num_key_value_heads=8,
                   rope_parameters={"rope_type": "default", "rope_theta": 1e4})
    c = T.Idefics2Config(vision_config=v, perceiver_config=p, image_token_id=t.token_to_id("<image>"),
                         text_config={**text, "model_type": "mistral"})
    net = T.Idefics2ForConditionalGeneration(c).float().eval()
    make_golden.randomise(net, 90, torch.bfloat16)
    cls = __import__("transformers.models.idefics2.image_processing_pil_idefics2", fromlist=["x"])
    return net, t, cls.Idefics2ImageProcessorPil(size={"longest_edge": 980, "shortest_edge": 378})


def qwenvl():
    make_qwenvl.SIDE, make_qwenvl.QUERIES, make_qwenvl.SAID, make_qwenvl.ONLY = 448, 256, 0, "one"
    make_qwenvl.CONFIG.update(hidden_size=4096, intermediate_size=22016, num_hidden_layers=2, num_attention_heads=32,
                              kv_channels=128)
    make_qwenvl.VISUAL.update(image_size=448, patch_size=14, width=1664, heads=16, mlp_ratio=4.9231, output_dim=4096,
                              n_queries=256)


MODULES = {"blip": make_blip, "blip2": make_qformer, "git": make_git, "idefics": make_idefics,
           "idefics2": make_golden, "instructblip": make_qformer, "kosmos2": make_kosmos2, "mllama": make_mllama,
           "qwenvl": make_qwenvl}


def write(out, net, ids, seen, ends, **more):
    with torch.no_grad():
        logits = net(input_ids=ids, **more).logits[0, -1:]
    for name, rows in {**seen, "logits": logits}.items():
        np.save(f"{out}/{name}.npy", rows.reshape(-1, rows.shape[-1]).float().numpy())
    np.save(out + "/prompt.npy", ids[0].numpy().astype("<i4"))


def say(net, ids, x):
    return ids[0, :0], 0.0


def only_one(ask):
    def chosen(*given):
        if any(isinstance(g, str) and g.endswith("/one") and "/split/" not in g for g in given):
            ask(*given)
    return chosen


def main():
    out, name = sys.argv[1:3]
    module = MODULES[name]
    module.eyes.SIZES = []
    if name == "qwenvl":
        qwenvl()
        del sys.argv[2]
        return module.main()
    setattr(module, name, globals()[name])
    module.write, module.say = write, say
    asks = "ask_idefics2" if name == "idefics2" else "ask"
    setattr(module, asks, only_one(getattr(module, asks)))
    if module is make_qformer:
        make_qformer.NAMES = {name: (globals()[name], make_qformer.NAMES[name][1])}
    sys.argv = [module.__file__, out, *([name] if name == "idefics2" else [])]
    os.makedirs(out, exist_ok=True)
    torch.manual_seed(1)
    module.main()


if __name__ == "__main__":
    main()

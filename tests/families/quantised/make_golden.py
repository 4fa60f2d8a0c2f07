"""Makes a tiny random Qwen2 in q8_0 and in q4_K and what llama.cpp computes from these files.

    python3 make_golden.py OUT      # needs torch, transformers, gguf, numpy, gcc, llama-quantize, libllama

llama-quantize makes the files; reference.c beside this one is compiled against libllama and gives the
logits of its CPU back end.
"""
import os
import subprocess
import sys

import numpy as np
import transformers

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "decoders"))
import make_golden as decoders  # noqa: E402

TEXT = "The quick brown fox"
# type: columns and what llama-quantize calls it
KINDS = {"q8_0": (64, "q8_0"), "q4_K": (256, "q4_K_S")}


def write(path, dim):
    for name, value in dict(DIM=dim, FFN=dim, HEADS=4, KV=1, LAYERS=1).items():
        setattr(decoders, name, value)
    config = transformers.Qwen2Config(
        vocab_size=decoders.WORDS, hidden_size=dim, intermediate_size=dim, num_hidden_layers=1,
        num_attention_heads=4, num_key_value_heads=1, max_position_embeddings=decoders.CONTEXT, rms_norm_eps=1e-6,
        rope_theta=1e6, tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=None)
    net = transformers.Qwen2ForCausalLM(config).float().eval()
    decoders.randomise(net, 70, False)
    decoders.write(path, "qwen2", net, False)


def main():
    out = sys.argv[1]
    program = out + "/reference"
    subprocess.run(["gcc", "-O1", here + "/reference.c", "-lllama", "-lggml", "-lggml-base", "-o", program], check=True)
    for kind, (dim, name) in KINDS.items():
        folder = f"{out}/{kind}"
        os.makedirs(folder, exist_ok=True)
        write(out + "/f32.gguf", dim)
        subprocess.run(["llama-quantize", "--pure", out + "/f32.gguf", folder + "/tiny.gguf", name], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([program, folder + "/tiny.gguf", folder + "/logits.bin", *map(str, TEXT.encode())], check=True)
        np.save(folder + "/logits.npy", np.fromfile(folder + "/logits.bin", "<f4")[None])
        os.remove(folder + "/logits.bin")
    for name in ("reference", "f32.gguf"):
        os.remove(f"{out}/{name}")


if __name__ == "__main__":
    main()

"""Tiny random models with eyes, quantised, and the logits that llama.cpp computes for a picture and a
question: what peer.sh compares vidi with.

    python3 make_peer.py OUT PEER [--cpu|--golden]      # needs llama-quantize, torch, transformers, gguf, numpy, PIL

PEER is peer.c compiled: cc peer.c -o peer -lllama -lmtmd -lggml -lggml-base. The models are those of
../mmproj with a decoder 256 wide, so that llama-quantize makes K types of its matrices. --golden makes
OUT/picture alone, a golden of families.decoders: ../mmproj/qwen2vl in q8_0, on the CPU.
"""
import os
import subprocess
import sys

import gguf
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "mmproj"), os.path.join(HERE, "..")]
import make_golden as tiny  # noqa: E402
import native  # noqa: E402

NAMES = ("smolvlm", "qwen2vl", "qwen25vl", "qwen3vl", "gemma3", "minicpmv")
TYPES = ("Q8_0", "Q4_K")
CHATML = "<|im_start|>user\n{}What?<|im_end|>\n<|im_start|>assistant\n"
PROMPTS = {"smolvlm": "<|im_start|>User:{}What?<end_of_utterance>\nAssistant:",
           "qwen2vl": "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" + CHATML,
           "qwen25vl": "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" + CHATML,
           "qwen3vl": CHATML,
           "gemma3": "<start_of_turn>user\n\n\n{}\n\nWhat?<end_of_turn>\n<start_of_turn>model\n",
           # which numbers its pictures, though llama.cpp does not
           "minicpmv": CHATML.replace("{}", "<image_id>0</image_id>{}\n")}


# Of sizes that need no resizing, which llama.cpp does in other ways; SmolVLM's has one colour, since
# the whole is made smaller in any case. LLaVA and InternVL are not among them: llama.cpp puts the class
# row behind the patches (its graph joins them in this order), and so gives each the next one's position.
SIZES = {"smolvlm": (128, 128), "qwen2vl": (112, 84), "qwen25vl": (224, 140), "qwen3vl": (64, 48), "gemma3": (64, 64), "minicpmv": (64, 64)}


def is_matrix(name, rows):
    """llama.cpp turns the last one itself, which it can for floats alone."""
    return name.endswith(".weight") and rows.ndim == 2 and rows.shape[1] % 32 == 0 and name != "mm.input_projection.weight"


def write_eyes(source, target, quantised):
    """The mmproj as llama.cpp wants it, with what is added to rows in f32; quantised: with every matrix
    whose rows are whole blocks as q8_0."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "clip")
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        kind = field.types[0]
        if kind == gguf.GGUFValueType.ARRAY:
            writer.add_array(key, field.contents())
        else:
            writer.add_key_value(key, field.contents(), kind)
    for t in reader.tensors:
        rows = t.data
        if "position" in t.name or t.name == "resampler.query":
            writer.add_tensor(t.name, rows.astype(np.float32))
        elif quantised and is_matrix(t.name, rows):
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(t.name, gguf.quants.quantize(rows.astype(np.float32), kind), raw_dtype=kind)
        else:
            writer.add_tensor(t.name, rows)
    if "resampler.query" in [t.name for t in reader.tensors]:  # asked for, and worked out all the same
        writer.add_tensor("resampler.pos_embed_k", np.zeros((4900, tiny.RESAMPLED), np.float32))
    tiny.finish(writer)


LIST, MERGES = gguf.GGUFWriter.add_token_list, gguf.GGUFWriter.add_token_merges
# llama.cpp looks up a word of two line ends around SmolVLM's pictures.
gguf.GGUFWriter.add_token_list = lambda w, words: LIST(w, [x.replace("ZZ", "\u010a\u010a") for x in words])
gguf.GGUFWriter.add_token_merges = lambda w, merges: MERGES(w, [x.replace("Z", "\u010a") for x in merges])


def make_models(out, name):
    os.makedirs(f"{out}/{name}", exist_ok=True)
    m = getattr(tiny, name)()
    tiny.randomise(m["net"], m.get("seed", 5))
    if "write" in m:
        m["write"](f"{out}/{name}")
    else:
        tiny.write_text(f"{out}/{name}/tiny.gguf", m["text"], m["net"].lm_head, m["words"], m["template"], m["bos"])
        m["eyes"](f"{out}/{name}/mmproj-tiny.gguf")
    for kind in ("F16", "Q8_0"):
        write_eyes(f"{out}/{name}/mmproj-tiny.gguf", f"{out}/{name}/mmproj-{kind}.gguf", kind == "Q8_0")
    os.remove(f"{out}/{name}/mmproj-tiny.gguf")
    for kind in TYPES:
        subprocess.run(["llama-quantize", "--pure", f"{out}/{name}/tiny.gguf", f"{out}/{name}/{kind}.gguf", kind],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.remove(f"{out}/{name}/tiny.gguf")


def ask(peer, files, prompt, folder, layers):
    """The logits of one run in a folder; gives what the run printed, or why it failed."""
    run = subprocess.run([peer, *files, prompt.format("<__media__>"), folder + ".raw", str(layers)], capture_output=True,
                         text=True, timeout=300, env={**os.environ, "GGML_NO_BACKTRACE": "1"})
    if run.returncode:
        return "failed: " + run.stderr[-200:]
    os.makedirs(folder, exist_ok=True)
    np.save(folder + "/logits.npy", np.fromfile(folder + ".raw", "<f4")[None])
    os.remove(folder + ".raw")
    return run.stdout.strip()


def golden(out, peer):
    source = os.path.join(HERE, "..", "mmproj", "qwen2vl")
    os.makedirs(out, exist_ok=True)
    tiny.picture(*SIZES["qwen2vl"]).save(out + "/own.png")
    subprocess.run(["llama-quantize", "--pure", source + "/tiny.gguf", out + "/tiny.gguf", "Q8_0"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = (out + "/tiny.gguf", source + "/mmproj-tiny.gguf", out + "/own.png")
    print(ask(peer, files, PROMPTS["qwen2vl"], out, 0))


def main():
    out, peer = sys.argv[1:3]
    if "--golden" in sys.argv:
        golden(out + "/picture", peer)
        return
    tiny.WINDOW = 64  # llama.cpp cuts off rows of a picture that is larger than the window
    native.WINDOW = 112  # which llama.cpp takes without asking the file
    tiny.PLACES = 560  # llama.cpp's table of positions is 70 patches a side
    tiny.HIDDEN = tiny.WIDE = tiny.RESAMPLED = native.HIDDEN = native.WIDE = 256
    for name in NAMES:
        make_models(out, name)
        picture = tiny.picture(*SIZES[name])
        if name == "smolvlm":
            picture.paste((200, 90, 40), (0, 0, *SIZES[name]))
        picture.save(f"{out}/{name}/own.png")
        for kind in TYPES:
            for eyes in ("F16", "Q8_0"):
                for layers, where in ((0, "cpu"), (99, "vulkan"))[:1 if "--cpu" in sys.argv else 2]:
                    files = (f"{out}/{name}/{kind}.gguf", f"{out}/{name}/mmproj-{eyes}.gguf", f"{out}/{name}/own.png")
                    at = f"{out}/{name}/{kind}-{eyes}-{where}.d"
                    print(at, ask(peer, files, PROMPTS[name], at, layers), flush=True)


if __name__ == "__main__":
    main()

"""Turns a transformers model into GGUF through llama.cpp's own converter. Only the vocabulary is
ours: single bytes and control words, so that goldens need no trained tokenizer."""
import contextlib
import json
import os
import runpy
import sys
import tempfile

PACKAGE = os.environ.get("LLAMA_CONVERTER_PACKAGE", "/usr/share/llama.cpp/llama.cpp-tools")
SCRIPT = os.environ.get("LLAMA_CONVERTER", "/usr/share/doc/llama.cpp-tools/scripts/convert_hf_to_gguf.py")


def byte_words():
    """GPT-2's letters for the 256 bytes."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    words, extra = [], 0
    for b in range(256):
        words.append(chr(b) if b in plain else chr(256 + extra))
        extra += b not in plain
    return words


def add_vocabulary(writer, words, template, bos):
    """Bytes, then control words of which the first begins texts and the second ends answers."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(byte_words() + words + ["ZZ"])
    writer.add_token_types([1] * 256 + [3] * len(words) + [1])
    writer.add_token_merges(["Z Z"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_add_bos_token(bos)
    if template:
        writer.add_chat_template(template)


def rename(folder, names):
    """Where this transformers stores other names than the published files have."""
    from safetensors.torch import load_file, save_file
    path = folder + "/model.safetensors"
    weights = load_file(path)
    save_file({names(k): v for k, v in weights.items()}, path, {"format": "pt"})


def convert(net, path, words, template=None, bos=False, processor=None, names=None, eyes=False,
            outtype="f16", config=None):
    """The language model of net as GGUF, or with eyes its vision part."""
    sys.path.insert(0, PACKAGE)
    os.environ["NO_LOCAL_GGUF"] = "1"
    from conversion import base
    def vocabulary(model, *_args, **_named):
        add_vocabulary(model.gguf_writer, words, template, bos)
    base.TextModel._set_vocab_gpt2 = vocabulary
    base.TextModel._set_vocab_sentencepiece = vocabulary
    with tempfile.TemporaryDirectory() as folder:
        net.save_pretrained(folder)
        if names:
            rename(folder, names)
        if config:
            with open(folder + "/config.json") as f:
                changed = json.load(f)
            config(changed)
            with open(folder + "/config.json", "w") as f:
                json.dump(changed, f)
        if processor:
            processor.save_pretrained(folder)
        entries = {w: i for i, w in enumerate(byte_words() + words + ["ZZ"])}
        with open(folder + "/tokenizer.json", "w") as f:
            json.dump({"model": {"vocab": entries}, "added_tokens": []}, f)
        with open(folder + "/tokenizer_config.json", "w") as f:
            json.dump({"tokenizer_class": "GPT2Tokenizer"}, f)
        kept = sys.argv
        sys.argv = [SCRIPT, folder, "--outfile", path, "--outtype", outtype, "--model-name", "tiny"]
        sys.argv += ["--mmproj"] if eyes else []
        with contextlib.suppress(SystemExit):
            runpy.run_path(SCRIPT, run_name="__main__")
        sys.argv = kept

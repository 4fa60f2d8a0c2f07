"""Renders conversations with the prompt templates of published models, as transformers does it, for
test_forms.c: what those models were given is written by their own templates, not by hand.

    python3 make_forms.py data/templates >data/forms.json      # needs jinja2

data/templates/README.md says where each template is from.
"""
import json
import sys
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

SAID = {"S": ("system", "Sys"), "U": ("user", "Ask"), "P": ("user", "Ask"), "A": ("assistant", "Say")}
BLANKS = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())  # what Python's strip drops
AROUND = [BLANKS + "\u200b", "\u200b" + BLANKS[::-1]]  # U+200B is no white space
PICTURE = "\x01"  # in place of what a template writes for one
QWEN = "<|vision_start|><|image_pad|><|vision_end|>"
ALL, NO_SYSTEM, NEEDS_SYSTEM = ("U", "UAU", "SU", "SUAU"), ("U", "UAU"), ("SU", "SUAU")

# template: form, conversations, what it writes for a picture, whether content comes in parts
ROWS = {
    "smolvlm": ("smolvlm", ALL, "<image>", True),
    "idefics2": ("idefics", ALL, "<image>", True),
    "idefics3": ("idefics", ALL, "<image>", True),
    "llava-1.5": ("llava", ALL, "<image>\n", True),
    "llava-1.6-mistral": ("llava-mistral", ALL, "<image>\n", True),
    "llava-1.6-34b": ("chatml", ALL, "<image>\n", True),
    "internvl3": ("chatml", ALL, "<IMG_CONTEXT>\n", True),
    "qwen2-vl": ("qwen2", ALL, QWEN, True),
    "qwen3-vl": ("chatml", ALL, QWEN, True),
    "gemma-3": ("gemma", ALL, "<start_of_image>", True),
    "mllama": ("llama3.2-vision", ALL, "<|image|>", "users"),
    "qwen2": ("qwen2", ALL, None, False),
    "qwen2.5": ("qwen2.5", ALL, None, False),
    "qwen3": ("chatml", ALL, None, False),
    "smollm2": ("smollm2", ALL, None, False),
    "llama-2": ("llama2", ALL, None, False),
    "llama-3": ("llama3", ALL, None, False),
    "llama-3.1": ("llama3.1", ALL, None, False),
    "llama-3.2": ("llama3.2", ALL, None, False),
    "mistral-v0.1": ("mistral-v0.1", NO_SYSTEM, None, False),
    "mistral-v0.2-old": ("mistral", NO_SYSTEM, None, False),
    "mistral-v1": ("mistral-v1", ALL, None, False),
    # Their templates move what the system says to the newest turn, which nothing read can follow.
    "mistral-v3": ("mistral-v3", ("U", "UAU", "SU"), None, False),
    "mistral-v3-tekken": ("mistral-tekken", ("U", "UAU", "SU"), None, False),
    "mistral-v7": ("mistral-v7", ALL, None, False),
    # Without a system's turn it says four pages that change with each release; vidi says none.
    "mistral-v7-tekken": ("mistral-v7-tekken", NEEDS_SYSTEM, None, False),
    "gemma": ("gemma", NO_SYSTEM, None, False),
    "gemma-2": ("gemma", NO_SYSTEM, None, False),
    "phi-3": ("phi3", NO_SYSTEM, None, False),  # drops what the system says
    "phi-3.5": ("phi3", ALL, None, False),
    "phi-4": ("phi4", ALL, None, False),
    "phi-4-mini": ("phi4-mini", ALL, None, False),
    "tinyllama": ("zephyr", ALL, None, False),
    "stablelm-2-zephyr": ("stablelm", ALL, None, False),
}
DATED = {"llama-3.1", "llama-3.2", "mllama"}


def refuse(words):
    raise ValueError(words)


def compiled(text):
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    env.globals["raise_exception"] = refuse
    if "strftime_now" in text and "strftime_now is defined" not in text:
        env.globals["strftime_now"] = lambda form: ""  # its system's turn stands in for it
    return env.from_string(text.replace("{% generation %}", "").replace("{% endgeneration %}", ""))


def message(turn, parts, around):
    role, text = SAID[turn]
    text = around[0] + text + around[1]
    if not parts or parts == "users" and role != "user":
        return {"role": role, "content": text}
    return {"role": role, "content": ([{"type": "image"}] if turn == "P" else []) + [{"type": "text", "text": text}]}


def render(template, turns, picture, parts, date, around):
    messages = [message(t, parts, around) for t in turns]
    more = {"date_string": date} if date else {}
    text = template.render(messages=messages, bos_token="<BOS>", eos_token="</s>", add_generation_prompt=True, **more)
    if text.startswith("<|begin_of_text|>"):
        text = "<BOS>" + text[len("<|begin_of_text|>"):]
    text = text.removeprefix("<BOS>").replace("<BOS>", "<s>")
    if picture:
        text = text.replace(picture, PICTURE)
    # LLaVA-1.6's template writes the end of an answer as letters that no vocabulary holds as a word.
    return text.replace("<\\s> ", "</s>")


def main():
    out = []
    for name, (form, conversations, picture, parts) in ROWS.items():
        template = compiled((Path(sys.argv[1]) / f"{name}.jinja").read_text())
        turns = conversations + (("P",) if picture else ())
        cases = [(c, None, ["", ""]) for c in turns]
        cases += [(c, "28 Nov 2026", ["", ""]) for c in ("U", "SU")] if name in DATED else []
        cases += [(c, None, AROUND) for c in turns]
        out.append({"template": name, "form": form, "cases": [
            {"turns": c, "date": date, "around": around, "text": render(template, c, picture, parts, date, around)}
            for c, date, around in cases]})
    json.dump(out, sys.stdout, indent=1, ensure_ascii=True)
    print()


if __name__ == "__main__":
    main()

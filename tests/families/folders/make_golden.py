"""Makes tiny random models as folders in the hub's form, and what transformers computes of them.

    python3 make_golden.py OUT [NAME ...]      # needs torch, transformers, tokenizers, numpy, PIL

Each folder is written by save_pretrained() and has a tokenizer that was trained on a few sentences,
so that the words of the prompt, too, are compared with the reference's.
"""
import copy
import importlib.util
import json
import os
import sys

import numpy as np
import torch
import transformers as T
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

MMPROJ = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mmproj")
sys.path.insert(0, MMPROJ)  # of the same name as this file, so it is loaded by its path
spec = importlib.util.spec_from_file_location("eyes", MMPROJ + "/make_golden.py")
eyes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(eyes)

TEXT = "The quick brown fox's 12345 dogs  jump\nover it: déjà vu!"
CORPUS = ["The quick brown fox jumps over the lazy dog.", "What is in the picture? A dog and 12 foxes.",
          "It's a photo of the old town; we've seen it. The dogs jump over the quick fox in the picture."] * 4
LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CHATML = ("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
          "{{ '<|im_start|>assistant\n' }}")


def byte_level(pattern, words, first=None, whole=False, merges=40):
    """Byte-level BPE with control words behind it; `first` begins every text."""
    t = Tokenizer(models.BPE(ignore_merges=whole))
    if pattern is None:
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    elif pattern == "digits":
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        t.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=256 + merges, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.add_special_tokens(words)
    if first:
        t.post_processor = processors.TemplateProcessing(
            single=f"{first} $A", special_tokens=[(first, t.token_to_id(first))])
    return t


def sentence_pieces(words, metaspace=False):
    """What SentencePiece's BPE becomes as tokenizer.json: every way to make a word is a merge."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=100, show_progress=False))
    trained = sorted(t.get_vocab(), key=t.get_vocab().get)
    pieces = [p for p in trained if len(p) > 1] + [p for p in trained if len(p) == 1]
    first = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    vocab = {p: i for i, p in enumerate(first + pieces)}
    merges = []
    for piece in pieces:
        ways = [(piece[:i], piece[i:]) for i in range(1, len(piece))]
        merges += sorted((w for w in ways if w[0] in vocab and w[1] in vocab),
                         key=lambda w: (vocab[w[0]], vocab[w[1]]))
    normaliser = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
    special = [{"id": vocab.setdefault(w, len(vocab)), "content": w, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True} for w in first[:3] + words]
    for word in words:
        vocab.pop(word)
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                         {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
    decoder = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    once = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    return Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": None if metaspace else normaliser, "pre_tokenizer": once if metaspace else None, "post_processor": template, "decoder": decoder,
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges]}}))


def unigram_words(marked):
    """SentencePiece's unigram model: with its usual replacements and words between blanks, as XLM-R has it, or with
    blanks kept, one for several, and single bytes for what is no word."""
    import io
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as pb
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 4), model_writer=made, vocab_size=120, model_type="unigram", byte_fallback=False,
        hard_vocab_limit=False, normalization_rule_name="nmt_nfkc", minloglevel=2)
    proto = pb.ModelProto.FromString(made.getvalue())
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(p.piece, p.score) for p in proto.pieces[3:]]
    if marked:
        vocab += [(f"<0x{b:02X}>", 0.0) for b in range(256)]
    t = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=marked))
    if marked:
        t.normalizer = normalizers.Sequence([normalizers.Replace(Regex(" {2,}"), " ")])
        t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    else:
        t.normalizer = normalizers.Sequence([normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)])
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(),
                                                   pre_tokenizers.Metaspace(prepend_scheme="always")])
    t.decoder = decoders.Metaspace(prepend_scheme="first" if marked else "always")
    t.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<|end|>"])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return t


def unigram(marked=False):
    t = unigram_words(marked)
    c = T.LlamaConfig(**numbers(t.get_vocab_size() + 3, num_hidden_layers=1, intermediate_size=64, rms_norm_eps=1e-5,
                                bos_token_id=0, eos_token_id=2))
    return T.LlamaForCausalLM(c), t, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, torch.float16, {}


def unigram_marked():
    return unigram(True)


def randomise(net, seed, kind):
    """Weights that are exact in the kind that they are stored in."""
    rng = np.random.default_rng(seed)
    modules = dict(net.named_modules())
    for name, p in net.named_parameters():
        module = type(modules[name.rpartition(".")[0]]).__name__
        scale, shift = 1.6 / np.sqrt(max(1, p[0].numel() if p.ndim > 1 else p.numel())), 0.0
        if p.ndim == 1 and "Norm" in module and name.endswith("weight"):
            scale, shift = 0.1, 0.0 if "Gemma" in module else 1.0
        elif name.endswith("bias"):
            scale = 0.2
        elif "embed_tokens" in name and net.config.get_text_config().tie_word_embeddings:
            scale = 0.05  # what is said last must not drown what the layers add: the head is the same matrix
        elif "embed_tokens" in name or "class_embedding" in name:
            scale = 2.0
        elif "position_embedding" in name or name.endswith("latents"):
            scale = 0.5
        w = torch.from_numpy((rng.standard_normal(p.shape) * scale + shift).astype(np.float32))
        p.data = w.to(kind).to(torch.float32)


def numbers(words, **own):
    return {**dict(vocab_size=words, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
                   num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
                   tie_word_embeddings=False, pad_token_id=None), **own}


def llama():
    t = byte_level(LETTERS + r"\p{N}{1,3}" + TAIL, ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
                   "<|begin_of_text|>", whole=True)
    c = T.LlamaConfig(**numbers(t.get_vocab_size(), bos_token_id=296, eos_token_id=[297, 298], rms_norm_eps=1e-5,
                                rope_parameters={"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0,
                                                 "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                                 "original_max_position_embeddings": 16}))
    settings = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
    return T.LlamaForCausalLM(c), t, settings, torch.float16, {"max_shard_size": "100KB"}


def mistral():
    t = sentence_pieces([])
    c = T.MistralConfig(**numbers(t.get_vocab_size() + 5, head_dim=24, rms_norm_eps=1e-5, sliding_window=None,
                                  rope_parameters={"rope_type": "default", "rope_theta": 1e6}))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}
    return T.MistralForCausalLM(c), t, settings, torch.bfloat16, {}


def mistral3():
    """Whose tokenizer puts a blank before a text, but not behind the words around a turn."""
    t = sentence_pieces(["[INST]", "[/INST]"], True)
    c = T.MistralConfig(**numbers(t.get_vocab_size(), rms_norm_eps=1e-5, sliding_window=None, num_hidden_layers=1,
                                  intermediate_size=64, rope_parameters={"rope_type": "linear", "rope_theta": 1e4,
                                                                         "factor": 2.0}))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
                "chat_template": "{{ bos_token }}{% for m in messages %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endfor %}"}
    return T.MistralForCausalLM(c), t, settings, torch.float16, {}


def qwen2():
    t = byte_level(LETTERS + r"\p{N}" + TAIL, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    c = T.Qwen2Config(**numbers(t.get_vocab_size() + 7, tie_word_embeddings=True, rms_norm_eps=1e-6,
                                bos_token_id=296, eos_token_id=298,
                                rope_parameters={"rope_type": "default", "rope_theta": 1e6}))
    settings = {"eos_token": "<|im_end|>", "chat_template": CHATML, "add_bos_token": False}
    return T.Qwen2ForCausalLM(c), t, settings, torch.float32, {}


def qwen3():
    t = byte_level("digits", ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    c = T.Qwen3Config(**numbers(t.get_vocab_size(), head_dim=24, rms_norm_eps=1e-6, num_hidden_layers=2,
                                bos_token_id=None, eos_token_id=t.token_to_id("<|im_end|>"),
                                rope_parameters={"rope_type": "yarn", "rope_theta": 1e4, "factor": 8.0,
                                                 "original_max_position_embeddings": 32}))
    settings = {"eos_token": "<|im_end|>"}
    return T.Qwen3ForCausalLM(c), t, settings, torch.bfloat16, {}


def opt():
    t = byte_level(None, ["<pad>", "</s>"], "</s>")
    c = T.OPTConfig(vocab_size=t.get_vocab_size(), hidden_size=64, ffn_dim=96, num_hidden_layers=2,
                    num_attention_heads=4, max_position_embeddings=128, bos_token_id=297, eos_token_id=297,
                    pad_token_id=296)
    settings = {"bos_token": "</s>", "eos_token": "</s>", "add_bos_token": True}
    return T.OPTForCausalLM(c), t, settings, torch.bfloat16, {}


def gemma_numbers(words, **own):
    return numbers(words, head_dim=24, hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True,
                   bos_token_id=1, eos_token_id=2, **own)


GEMMA = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}


def gemma():
    t = sentence_pieces([])
    c = T.GemmaConfig(**gemma_numbers(t.get_vocab_size()))
    return T.GemmaForCausalLM(c), t, GEMMA, torch.bfloat16, {}


def gemma2():
    t = sentence_pieces([])
    c = T.Gemma2Config(**gemma_numbers(t.get_vocab_size(), sliding_window=8, query_pre_attn_scalar=16,
                                       attn_logit_softcapping=5.0, final_logit_softcapping=3.0))
    return T.Gemma2ForCausalLM(c), t, GEMMA, torch.bfloat16, {}


def gemma3():
    t = sentence_pieces([])
    c = T.Gemma3TextConfig(**gemma_numbers(
        t.get_vocab_size(), num_hidden_layers=4, sliding_window=8, query_pre_attn_scalar=16,
        layer_types=["sliding_attention", "full_attention"] * 2,
        rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                         "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}))
    return T.Gemma3ForCausalLM(c), t, GEMMA, torch.bfloat16, {}


def factors(pairs, original, **own):
    return {"rope_type": "longrope", "rope_theta": 1e4, "original_max_position_embeddings": original,
            "short_factor": [1 + i / 16 for i in range(pairs)], "long_factor": [1.5 + i / 2 for i in range(pairs)],
            **own}


def phi3():
    """Short enough for the first factors; its config is written as the first published ones are."""
    t = json.loads(sentence_pieces(["<|user|>", "<|assistant|>", "<|end|>"], True).to_str())
    for word in t["added_tokens"][3:]:
        word["rstrip"] = True  # so that the line's end behind it is no word
    t = Tokenizer.from_str(json.dumps(t))
    c = T.Phi3Config(**numbers(t.get_vocab_size(), rms_norm_eps=1e-5, num_hidden_layers=2, bos_token_id=1,
                               eos_token_id=t.token_to_id("<|end|>"), num_key_value_heads=4,
                               original_max_position_embeddings=128, rope_parameters=factors(8, 128)))
    settings = {"bos_token": "<s>", "eos_token": "<|end|>", "unk_token": "<unk>", "add_bos_token": True,
                "chat_template": "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + "
                                 "'<|end|>\n' }}{% endfor %}{{ '<|assistant|>\n' }}"}
    return T.Phi3ForCausalLM(c), t, settings, torch.bfloat16, {}


def phi4():
    """A part of each head turns, by the factors of long contexts; the head is the table of words."""
    t = byte_level(LETTERS + r"\p{N}{1,3}" + TAIL, ["<|endoftext|>", "<|user|>", "<|end|>"])
    c = T.Phi3Config(**numbers(t.get_vocab_size(), rms_norm_eps=1e-5, num_hidden_layers=2, tie_word_embeddings=True,
                               bos_token_id=None, eos_token_id=t.token_to_id("<|end|>"),
                               original_max_position_embeddings=16,
                               rope_parameters=factors(6, 16, partial_rotary_factor=0.75)))
    return T.Phi3ForCausalLM(c), t, {"eos_token": "<|end|>"}, torch.float16, {}


def as_first_published(folder):
    """rope_theta and rope_scaling of type su instead of rope_parameters."""
    with open(f"{folder}/config.json") as f:
        c = json.load(f)
    rope = c.pop("rope_parameters")
    c.update(rope_theta=rope["rope_theta"], rope_scaling={
        "type": "su", "short_factor": rope["short_factor"], "long_factor": rope["long_factor"]})
    with open(f"{folder}/config.json", "w") as f:
        f.write(json.dumps(c, indent=2, sort_keys=True) + "\n")


SEEDS = {"gemma": 76, "qwen2": 74, "qwen3": 96}  # whose answer holds no end word
TEXTS = {"gemma": gemma, "gemma2": gemma2, "gemma3_text": gemma3, "unigram": unigram,
         "unigram_marked": unigram_marked, "phi3": phi3, "phi4": phi4, "opt": opt,
         "llama": llama, "mistral": mistral, "mistral3": mistral3, "qwen2": qwen2, "qwen3": qwen3}


def save(folder, net, tokenizer, settings, kind, how):
    os.makedirs(folder, exist_ok=True)
    copy.deepcopy(net).to(kind).save_pretrained(folder, **how)
    for name in os.listdir(folder):
        if name.endswith(".safetensors"):
            os.chmod(f"{folder}/{name}", 0o644)
    tokenizer.save(folder + "/tokenizer.json")
    with open(folder + "/tokenizer_config.json", "w") as f:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", **settings}, f, indent=1)


def write(folder, net, ids, seen, ends, **pictures):
    """Rows, logits of the last word, and 32 greedy words."""
    with torch.no_grad():
        logits = net(input_ids=ids, **pictures).logits[0, -1:]
        said = net.generate(input_ids=ids, max_new_tokens=32, min_new_tokens=32, do_sample=False, output_logits=True,
                            attention_mask=torch.ones_like(ids), return_dict_in_generate=True, **pictures)
    for name, rows in seen.items():
        np.save(f"{folder}/{name}.npy", rows.reshape(-1, rows.shape[-1]).float().numpy().astype("<f4"))
    answer = said.sequences[0, ids.shape[1]:]
    np.save(folder + "/prompt.npy", ids[0].numpy().astype("<i4"))
    np.save(folder + "/logits.npy", logits.numpy().astype("<f4"))
    np.save(folder + "/answer.npy", answer.numpy().astype("<i4"))
    gaps = [float(t[0] - t[1]) for t in (step[0].topk(2).values for step in said.logits)]
    print(folder, answer.tolist(), "smallest margin", min(gaps), "different", len(set(answer.tolist())),
          "says an end word" if np.isin(answer, ends).any() else "")


def watch(module, seen, name):
    """Keeps what the module says first."""
    def hook(_module, _inputs, y):
        seen.setdefault(name, y[0] if isinstance(y, tuple) else y)
    module.register_forward_hook(hook)


def make_text(out, name, seed):
    net, tokenizer, settings, kind, how = TEXTS[name]()
    net = net.float().eval()
    net.set_attn_implementation("eager")  # the only one that caps scores
    randomise(net, seed, kind)
    save(f"{out}/{name}", net, tokenizer, settings, kind, how)
    words = T.AutoTokenizer.from_pretrained(f"{out}/{name}")
    ids = words(TEXT, return_tensors="pt").input_ids
    if "chat_template" in settings:
        text = words.apply_chat_template([{"role": "user", "content": TEXT}], tokenize=False)
        ids = words(text, return_tensors="pt", add_special_tokens=False).input_ids
    layers = getattr(net.model, "decoder", net.model).layers
    seen, last = {}, len(layers) - 1
    end = "add" if name in ("gemma2", "gemma3_text") else "ffn_down"  # what a layer adds last is normalised first
    watch(layers[last], seen, f"blk.{last}.{end}")
    os.makedirs(f"{out}/{name}/golden", exist_ok=True)
    write(f"{out}/{name}/golden", net, ids, seen, list(tokenizer.get_added_tokens_decoder()))
    if name == "phi3":  # last: this reference reads that form no more
        as_first_published(f"{out}/{name}")


def make_pieces(out, name):
    """A folder whose words are SentencePiece's own file; beside it words that were added."""
    import sentencepiece
    bpe = name == "pieces_bpe"
    folder = f"{out}/{name}"
    os.makedirs(folder + "/golden", exist_ok=True)
    how = dict(model_type="bpe", byte_fallback=True, normalization_rule_name="identity", vocab_size=360,
               remove_extra_whitespaces=False) if bpe else dict(model_type="unigram", vocab_size=120)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS * 4), model_prefix=folder + "/tokenizer",
                                             hard_vocab_limit=False, minloglevel=2, **how)
    os.remove(folder + "/tokenizer.vocab")
    words = sentencepiece.SentencePieceProcessor(model_file=folder + "/tokenizer.model")
    n = words.get_piece_size()
    c = T.LlamaConfig(**numbers(n + 2, num_hidden_layers=1, intermediate_size=64, rms_norm_eps=1e-5, bos_token_id=1,
                                eos_token_id=2))
    net = T.LlamaForCausalLM(c).float().eval()
    randomise(net, 70, torch.float16)
    copy.deepcopy(net).to(torch.float16).save_pretrained(folder)
    os.chmod(folder + "/model.safetensors", 0o644)
    with open(folder + "/tokenizer_config.json", "w") as f:
        added = {str(n): {"content": "<image>", "special": True}}
        json.dump({"add_bos_token": True, "added_tokens_decoder": added if bpe else {}}, f)
    if not bpe:
        with open(folder + "/added_tokens.json", "w") as f:
            json.dump({"<image>": n}, f)
    write(folder + "/golden", net, torch.tensor([[1] + words.encode(TEXT)]), {}, [2])


def byte_words(words):
    """A vocabulary of single bytes and control words, as the goldens of ../mmproj have it."""
    t = Tokenizer(models.BPE({w: i for i, w in enumerate(eyes.byte_words() + words + ["ZZ"])}, [("Z", "Z")]))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens(words)
    return t


def llava_siglip_last():
    """SigLIP's last layer, of pictures whose sides are no multiple of a patch, as 384 is none of 14."""
    ids = {w: 256 + i for i, w in enumerate(eyes.KD)}
    text = {**eyes.text_config(256 + len(eyes.KD) + 1), "num_hidden_layers": 1, "model_type": "qwen2"}
    v = dict(hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=3, image_size=60,
             patch_size=14, vision_use_head=False, model_type="siglip_vision_model")
    c = T.LlavaConfig(vision_config=v, text_config=text, image_token_index=ids["<image>"], image_seq_length=16,
                      vision_feature_layer=-1, vision_feature_select_strategy="full")
    net = T.LlavaForConditionalGeneration(c).float().eval()
    cls = __import__("transformers.models.siglip.image_processing_pil_siglip", fromlist=["x"])
    process = cls.SiglipImageProcessorPil(size={"height": 60, "width": 60}, resample=3)

    def prompt(grids):
        out = [ids["<|im_start|>"]] + list(b"user\n") + ([ids["<image>"]] * 16 + [10]) * len(grids)
        return out + list(eyes.TEXT.encode()) + [ids["<|im_end|>"], 10, ids["<|im_start|>"]] + list(b"assistant\n")

    return dict(net=net, prompt=prompt, last="mm.2", connector=net.model.multi_modal_projector, tiles=False, seed=7,
                pixels=lambda images: (process(images, return_tensors="np")["pixel_values"], [(0, 0)] * len(images)))


def settings_of(m, name):
    """What the tokenizer's settings say; words and template of models whose GGUF files are converted are set here."""
    native = sys.modules["native"]
    if name.startswith("qwen"):
        m.update(words=native.WORDS, template=native.TEMPLATE, bos=False)
    if name == "qwen3vl":  # no system prompt of its own
        m.update(template="<|im_start|> <|im_end|>")
    if name == "gemma3":
        m.update(words=eyes.GEMMA, template=eyes.GEMMA_TEMPLATE, bos=True)
    if name == "paligemma":
        m.update(words=eyes.PALI, template=None, bos=True)
    if name.startswith("llava_siglip"):
        m.update(words=eyes.KD, template="<|im_start|> <|im_end|>", bos=False)
    if name == "internvl":
        m.update(words=native.INTERN, template=CHATML, bos=False)
    return {"eos_token": m["words"][1], "bos_token": m["words"][0], "add_bos_token": m["bos"],
            "chat_template": m["template"]}


def make_seeing(out, name):
    """The models of ../mmproj again, whose goldens are compared: only the folder is new."""
    m = llava_siglip_last() if name == "llava_siglip_last" else getattr(eyes, name)()
    eyes.randomise(m["net"], m.get("seed", 5))
    settings = settings_of(m, name)
    save(f"{out}/{name}", m["net"], byte_words(m["words"]), settings, torch.float16, {})
    if name == "llava_siglip_last":
        eyes.picture(90, 60).save(f"{out}/{name}/wide.png")
        eyes.run(m, f"{out}/{name}/one", [eyes.picture(90, 60)])
    if name in MIXED:
        images = [eyes.picture(90, 60), eyes.picture(20, 70)]
        _, grids = m["pixels"](images)
        one, two = m["prompt"](grids[:1]), m["prompt"](grids)
        at = next(i for i, (a, b) in enumerate(zip(one, two)) if a != b)  # behind the first picture
        eyes.run_words(m, f"{out}/{name}/mixed", images, two[:at] + list(b"The dog and the fox. ") + two[at:])
    for width, height in SIZED.get(name, ()):  # of which logits and words are kept
        eyes.run_words(m, f"{out}/{name}/sizes/{width}x{height}", [eyes.pattern(width, height)])
    path, cls, how = SEEING[name]
    getattr(__import__(path, fromlist=["x"]), cls)(**how).save_pretrained(f"{out}/{name}")


def make_minicpmv(out, name):
    """The model of ../mmproj again. The published model is code of its own: names and fields are as its files have them."""
    from safetensors.torch import save_file
    m = eyes.minicpmv()
    eyes.randomise(m["net"], m.get("seed", 5))
    folder, net = f"{out}/{name}", m["net"]
    settings = {"eos_token": eyes.MINICPM[1], "bos_token": eyes.MINICPM[0], "add_bos_token": False,
                "chat_template": "<|im_start|> <|im_end|>"}
    save(folder, net.llm, byte_words(eyes.MINICPM), settings, torch.float16, {})
    parts = [("llm.", net.llm), ("vpm.", net.eyes.tower), ("resampler.", net.resampler)]
    save_file({start + ("kv_proj.weight" if n == "kv.weight" else n): p.detach().to(torch.float16).contiguous()
               for start, part in parts for n, p in part.named_parameters()},
              f"{folder}/model.safetensors", metadata={"format": "pt"})
    with open(f"{folder}/config.json") as f:
        c = json.load(f)
    v = net.eyes.tower.config
    c.update(model_type="minicpmv", architectures=["MiniCPMV"], version=2.6, image_size=64, query_num=16,
             drop_vision_last_layer=False, vision_config=dict(
                 model_type="siglip_vision_model", hidden_size=v.hidden_size, intermediate_size=v.intermediate_size,
                 num_hidden_layers=v.num_hidden_layers, num_attention_heads=v.num_attention_heads, image_size=112,
                 patch_size=v.patch_size))
    process = dict(image_processor_type="MiniCPMVImageProcessor", max_slice_nums=9, scale_resolution=64, patch_size=8,
                   use_image_id=True, slice_mode=True, image_feature_size=16, norm_mean=[.5] * 3, norm_std=[.5] * 3,
                   version=2.6)
    for file, what in (("config.json", c), ("preprocessor_config.json", process)):
        with open(f"{folder}/{file}", "w") as f:
            f.write(json.dumps(what, indent=2, sort_keys=True) + "\n")


SEEING = {
    "smolvlm": ("transformers.models.smolvlm.image_processing_pil_smolvlm", "SmolVLMImageProcessorPil",
                dict(size={"longest_edge": 128}, max_image_size={"longest_edge": 64})),
    "llava": ("transformers.models.clip.image_processing_pil_clip", "CLIPImageProcessorPil",
              dict(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})),
    "qwen2vl": ("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl", "Qwen2VLImageProcessorPil",
                dict(patch_size=14, merge_size=2, size={"shortest_edge": 4 * 28 ** 2, "longest_edge": 768 * 28 ** 2})),
    "qwen25vl": ("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl", "Qwen2VLImageProcessorPil",
                 dict(patch_size=14, merge_size=2, size={"shortest_edge": 4 * 28 ** 2, "longest_edge": 300 * 28 ** 2})),
    "qwen3vl": ("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl", "Qwen2VLImageProcessorPil",
                dict(patch_size=8, merge_size=2, size={"shortest_edge": 4 * 16 ** 2, "longest_edge": 16384 * 16 ** 2})),
    "internvl": ("transformers.models.got_ocr2.image_processing_pil_got_ocr2", "GotOcr2ImageProcessorPil",
                 dict(size={"height": 56, "width": 56}, crop_to_patches=True, min_patches=1, max_patches=6,
                      image_mean=[.485, .456, .406], image_std=[.229, .224, .225])),
    "gemma3": ("transformers.models.gemma3.image_processing_pil_gemma3", "Gemma3ImageProcessorPil",
               dict(size={"height": 64, "width": 64}, image_seq_length=16)),
    "paligemma": ("transformers.models.siglip.image_processing_pil_siglip", "SiglipImageProcessorPil",
                  dict(size={"height": 64, "width": 64}, resample=3)),
    "llava_siglip": ("transformers.models.siglip.image_processing_pil_siglip", "SiglipImageProcessorPil",
                     dict(size={"height": 56, "width": 56}, resample=3)),
    "llava_siglip_last": ("transformers.models.siglip.image_processing_pil_siglip", "SiglipImageProcessorPil",
                          dict(size={"height": 60, "width": 60}, resample=3)),
    "llava_next": ("transformers.models.llava_next.image_processing_pil_llava_next", "LlavaNextImageProcessorPil",
                   dict(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56},
                        image_grid_pinpoints=[[56, 112], [112, 56], [112, 112], [168, 56], [56, 168]])),
}


# Pictures whose answers are compared: one pixel, odd sides, very wide, very tall. Qwen's processor refuses sides of
# more than 200 to 1, and what is less than a patch.
SIZES = [(1, 1), (333, 517), (4000, 300), (8, 2000)]
SIZED = {"smolvlm": SIZES, "llava_next": SIZES[1:3], "internvl": SIZES, "gemma3": SIZES[1:3], "qwen2vl": SIZES[1:3],
         "qwen25vl": SIZES[1:3], "qwen3vl": SIZES[1:3]}

MIXED = ("smolvlm", "llava", "qwen2vl")

IDEFICS_TEMPLATE = (
    "{% for message in messages %}{{message['role'].capitalize()}}{% if message['content'][0]['type'] == 'image' %}"
    "{{':'}}{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}"
    "{{line['text']}}{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}")
EDGE, LATENTS, PATCH = "<fake_token_around_image>", 6, 7


def idefics2():
    t = sentence_pieces([EDGE, "<image>", "<end_of_utterance>"])
    v = dict(hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=70,
             patch_size=PATCH)
    p = dict(hidden_size=64, resampler_n_latents=LATENTS, resampler_depth=2, resampler_n_heads=4,
             resampler_head_dim=24, num_key_value_heads=2)
    c = T.Idefics2Config(vision_config=v, perceiver_config=p, image_token_id=t.token_to_id("<image>"),
                         text_config={**numbers(t.get_vocab_size(), rms_norm_eps=1e-5, sliding_window=None,
                                                rope_parameters={"rope_type": "default", "rope_theta": 1e4}),
                                      "model_type": "mistral"})
    net = T.Idefics2ForConditionalGeneration(c).float().eval()
    randomise(net, 90, torch.bfloat16)
    cls = __import__("transformers.models.idefics2.image_processing_pil_idefics2", fromlist=["x"])
    return net, t, cls.Idefics2ImageProcessorPil(size={"longest_edge": 70, "shortest_edge": 27})


def ask_idefics2(net, words, process, out, images, text=None):
    """The published processor's words: pictures in a row share the word between them."""
    split = 5 if process.do_image_splitting else 1
    picture = (EDGE + "<image>" * LATENTS) * split * len(images) + EDGE if images else " "
    text = text or f"User:{picture}What is it?<end_of_utterance>\nAssistant:"
    ids = words(text, return_tensors="pt").input_ids
    os.makedirs(out, exist_ok=True)
    if not images:
        write(out, net, ids, {}, [words.eos_token_id, words.convert_tokens_to_ids("<end_of_utterance>")])
        return
    seen, x = {}, process([images], return_tensors="pt")
    rows = {}
    watch(net.model.connector.perceiver_resampler, rows, "rows")
    ends = [words.eos_token_id, words.convert_tokens_to_ids("<end_of_utterance>")]
    with torch.no_grad():
        net(ids, pixel_values=x["pixel_values"], pixel_attention_mask=x["pixel_attention_mask"])
    seen["perceiver.post_ln"] = rows["rows"][-1]
    one, mask = x["pixel_values"][0, -1], x["pixel_attention_mask"][0, -1]
    high, wide = (int(mask[:, 0].sum()) // PATCH * PATCH, int(mask[0].sum()) // PATCH * PATCH)
    seen["pixels"] = one[:, :high, :wide].reshape(-1, wide)
    write(out, net, ids, seen, ends, pixel_values=x["pixel_values"],
          pixel_attention_mask=x["pixel_attention_mask"])


def tiles_of(process, image):
    """What the encoder sees of a picture: without what is padding or less than a patch."""
    x = process([[image]], return_tensors="np")
    for one, mask in zip(x["pixel_values"][0], x["pixel_attention_mask"][0]):
        yield one[:, :mask[:, 0].sum() // PATCH * PATCH, :mask[0].sum() // PATCH * PATCH]


def make_idefics2(out, name):
    net, tokenizer, process = idefics2()
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True,
                "chat_template": IDEFICS_TEMPLATE}
    folder = f"{out}/{name}"
    save(folder, net, tokenizer, settings, torch.bfloat16, {})
    words = T.AutoTokenizer.from_pretrained(folder)
    pictures = [eyes.picture(90, 60), eyes.picture(20, 71)]
    for i, picture in enumerate(pictures):
        picture.save(f"{folder}/{('wide', 'high')[i]}.png")
    for split in ("whole", "split"):
        process.do_image_splitting = split == "split"
        os.makedirs(f"{folder}/{split}", exist_ok=True)
        process.save_pretrained(folder if split == "whole" else f"{folder}/{split}")
        ask_idefics2(net, words, process, f"{folder}/{split}/one", pictures[:1])
        ask_idefics2(net, words, process, f"{folder}/{split}/two", pictures)
        if split == "whole":
            ask_idefics2(net, words, process, f"{folder}/{split}/none", [])
            ask_idefics2(net, words, process, f"{folder}/{split}/three", pictures + pictures[:1])
            one, end = (EDGE + "<image>" * LATENTS) + EDGE, "<end_of_utterance>\nAssistant:"
            ask_idefics2(net, words, process, f"{folder}/{split}/mixed", pictures,
                         f"User:{one}The dog and the fox. {one}What is it?{end}")
            ask_idefics2(net, words, process, f"{folder}/{split}/turns", pictures,
                         f"User:{one}What is it?{end} It is a dog.<end_of_utterance>\nUser:{one}What is it?{end}")
        for width, height in SIZES if split == "whole" else ():
            ask_idefics2(net, words, process, f"{folder}/sizes/{width}x{height}", [eyes.pattern(width, height)])
            os.remove(f"{folder}/sizes/{width}x{height}/pixels.npy")
        found = {}
        for width, height in eyes.SIZES:
            if process.do_image_splitting and width * height == 1:
                continue  # the reference fails, too
            tiles = tiles_of(process, eyes.pattern(width, height))
            found[f"{width}x{height}"] = [[round(float(v), 7) for v in tile.reshape(-1)[::61]] for tile in tiles]
        with open(f"{folder}/{split}/pixels.json", "w") as f:
            json.dump(found, f)


IDEFICS = ("idefics2",)


def main():
    for name in IDEFICS:
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make_idefics2(sys.argv[1], name)
    if len(sys.argv) < 3 or "minicpmv" in sys.argv[2:]:
        make_minicpmv(sys.argv[1], "minicpmv")
    for name in SEEING:
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make_seeing(sys.argv[1], name)
    for name in ("pieces_bpe", "pieces_unigram"):
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make_pieces(sys.argv[1], name)
    for name in TEXTS:
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            make_text(sys.argv[1], name, SEEDS.get(name, 70))


if __name__ == "__main__":
    main()

/* hf_inside.h - what the files of hf_folder share. For io/hf_*.c only. */
#ifndef VD_HF_INSIDE_H
#define VD_HF_INSIDE_H
#include <jansson.h>

#include "io/hf_folder.h"
#include "io/hf_put.h"
#include "io/safetensors.h"

/* A kind of language model by model_type; `defaults` are the numbers that its published
 * config.json files leave out, as JSON. */
struct hf_text {
    const char *model_type, *arch, *defaults;
    bool halves; /* the family must be told that q and k turn by halves */
};
/* A model with eyes by model_type. */
struct hf_eyes {
    const char *model_type, *projector, *defaults; /* defaults: of vision_config */
};
const struct hf_text *hf_text_find(const char *model_type); /* NULL: not known */
const struct hf_eyes *hf_eyes_find(const char *model_type);

struct hf {
    struct vd_ctx *ctx;
    const char *folder;
    struct arena *arena; /* of the gguf */
    json_t *config;      /* the whole of config.json */
    json_t *numbers;     /* of the language model: config or its text_config, defaults added */
    json_t *sight;       /* vision_config, defaults added; NULL: no eyes */
    const char *numbers_at, *sight_at; /* "text_config." or "", for messages */
    const char *process_at;            /* where it says what is done to pictures, for messages */
    const struct hf_text *text;
    const struct hf_eyes *eyes; /* NULL: none */
    struct safetensors_folder *weights;
    struct put put;
    struct hf_asked *asked;
    bool quiet;         /* what is read now was read before: warnings were given */
    json_t *generation; /* generation_config.json; NULL: not there */
    json_t *process,
        *processor; /* of pictures; processor_config.json. NULL: not there, or unread */
};

/* hf_asked.c: a field of a config, noted as asked for. Every reader of a config goes this way; keys
 * live as long as h. NULL as json_object_get(). */
json_t *hf_get(const struct hf *h, const json_t *object, const char *key);
void hf_get_all(const struct hf *h, const json_t *object,
                const char *key); /* a size's sides, too */
/* Keys asked of the copy count as asked of the original. h owns the copy, which is returned; NULL:
 * no memory. */
json_t *hf_stands_for(struct hf *h, json_t *copy, const json_t *original);
vidi_status hf_asked_open(struct hf *h);
void hf_asked_close(struct hf *h);

/* What is known of keys that nobody asks for. */
struct hf_rule {
    const char *of;     /* a projector, an architecture or a model_type; NULL: any */
    const char *path;   /* "a.b", or the last part alone, where * stands for anything */
    const char *values; /* JSON, a list: what may stand there; NULL: it means nothing */
};
/* The first rule for this path; NULL: none. */
const struct hf_rule *hf_rule_find(const struct hf *h, const struct hf_rule *rules, size_t n,
                                   const char *path);
/* Every key of this part of a file was asked for or obeys its rule. */
vidi_status hf_asked_check(struct hf *h, const json_t *part, const char *file,
                           const struct hf_rule *rules, size_t n_rules);
/* hf_keys.c: that of all configs that were read. */
vidi_status hf_keys_check(struct hf *h);
/* hf_counts.c: what the processor says of tokens is what the model gives. */
vidi_status hf_counts_check(struct hf *h);
/* hf_shapes.c: what the config says of words and their head is what the weights hold. */
vidi_status hf_shapes_check(struct hf *h, enum hf_part part);

/* hf_ids.c: ids of words in the configs are of this vocabulary, words[n], and those of pictures are
 * what vidi says. */
vidi_status hf_ids_check(struct hf *h, const char *const *words, uint32_t n);
/* hf_generation.c: general.sampling.*, of how answers are made. */
vidi_status hf_generation_put(struct hf *h);

/* hf_folder.c: the object in FOLDER/name. *out NULL: the file is not there, and was not `needed`.
 */
vidi_status hf_json(struct hf *h, const char *name, bool needed, json_t **out);
/* Whether FOLDER/foldername is there; folder is "" or "NAME/". */
bool hf_holds(const struct hf *h, const char *folder, const char *name);
/* "FOLDER/config.json: WHERE.KEY WORDS" */
vidi_status hf_bad(struct hf *h, const char *where, const char *key, const char *words);

/* hf_config.c: finds the kinds and fills numbers and sight; needs config. */
vidi_status hf_config_read(struct hf *h);
void hf_config_text(struct hf *h, vidi_status *status); /* metadata of the language model */
/* A copy of the object with what it leaves out; lives as long as h. */
json_t *hf_with_defaults(struct hf *h, json_t *object, const char *defaults);

/* hf_process.c: preprocessor_config.json or what stands for it, into h->process. */
vidi_status hf_process_read(struct hf *h);
void hf_process_put(struct hf *h, vidi_status *status);                /* colours and sizes */
void hf_process_filter(struct hf *h, int filter, vidi_status *status); /* PIL's number */
/* "FOLDER/preprocessor_config.json: KEY WORDS" */
vidi_status hf_process_bad(struct hf *h, const char *key, const char *words);

/* hf_eyes.c */
void hf_config_eyes(struct hf *h, vidi_status *status); /* metadata of the eyes */
void hf_tower(struct hf *h, vidi_status *status); /* of vision_config, as SigLIP and CLIP have it */

/* Numbers of an object of config.json. Sticky: nothing is done when *status is a failure. A field
 * that is missing or null: 0, and a failure where it is needed. */
struct hf_field {
    json_t *object;
    const char *where; /* "vision_config.", for messages */
    const char *key;
    bool needed;
};
double hf_number(struct hf *h, const struct hf_field *f, double lo, double hi, vidi_status *status);
uint32_t hf_whole(struct hf *h, const struct hf_field *f, uint32_t lo, uint32_t hi,
                  vidi_status *status);

/* A field and the key that it becomes; with a dot in front, below the part's prefix. */
struct hf_row {
    const char *from, *to;
    double lo, hi;
    bool fraction, needed;
};
enum { DIM_MOST = 65536, LAYERS_MOST = 512, WIDE_MOST = 1 << 20, CONTEXT_MOST = 1 << 30 };
void hf_put_rows(struct hf *h, json_t *object, const char *where, const struct hf_row *rows,
                 size_t n, vidi_status *status);

/* hf_opt.c, hf_git.c: metadata of language models whose fields are called otherwise. */
void hf_opt_text(struct hf *h, vidi_status *status);
void hf_git_text(struct hf *h, vidi_status *status);

/* hf_blip.c: BLIP's captioner. */
void hf_blip_text(struct hf *h, vidi_status *status);
void hf_blip_eyes(struct hf *h, json_t *process, vidi_status *status);

/* hf_idefics.c: what IDEFICS has beside the usual; its vision_config and perceiver_config. */
void hf_idefics_text(struct hf *h, vidi_status *status);
void hf_idefics_eyes(struct hf *h, json_t *process, vidi_status *status);

/* The numbers that most language models have. */
enum { HF_TEXT_ROWS = 7 };
extern const struct hf_row hf_text_rows[HF_TEXT_ROWS];

/* hf_gemma.c: Gemma, Gemma 2 and Gemma 3; the eyes of Gemma 3. */
void hf_gemma_text(struct hf *h, vidi_status *status);
void hf_gemma3_eyes(struct hf *h, json_t *process, vidi_status *status);
/* Norms of these models are kept as what is added to 1. name: ours. */
bool hf_gemma_norm(const struct hf *h, const char *name);
/* Our name, as their norms are called otherwise; `from`: the checkpoint's. */
void hf_gemma_name(const struct hf *h, const char *from, char *name, size_t cap);

/* hf_minicpmv.c: MiniCPM-V 2.6. */
void hf_minicpmv_eyes(struct hf *h, json_t *process, vidi_status *status);
/* Whether a tensor of floats, by our name, was its own to put. */
bool hf_minicpmv_tensor(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                        const char *name, vidi_status *status);

/* Three matrices or biases, one below the other, as tensors of their own: `before`, q, k or v, and
 * the kind. */
vidi_status hf_put_thirds(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                          struct str before, bool bias);

/* hf_qwen.c: Qwen and Qwen-VL of 2023. */
/* Takes h->eyes away where config.json has none. */
vidi_status hf_qwen_sees(struct hf *h);
void hf_qwen_text(struct hf *h, vidi_status *status);
void hf_qwen_eyes(struct hf *h, json_t *process, vidi_status *status);
vidi_status hf_qwen_raw(struct hf *h, bool *raw); /* prompts have no turns */
bool hf_qwen_tensor(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                    const char *name, vidi_status *status); /* as hf_minicpmv_tensor() */

/* hf_tiktoken.c: the words of qwen.tiktoken; rows: of the model's table of words. */
vidi_status hf_tiktoken(struct hf *h, uint32_t rows);
/* Bytes of base64; NULL: it is none, or no memory. */
unsigned char *hf_base64(struct arena *a, const char *text, uint64_t len, uint64_t *n);

/* hf_mpt.c: MPT, and what OpenFlamingo has beside it. */
void hf_mpt_text(struct hf *h, vidi_status *status);
void hf_flamingo_eyes(struct hf *h, json_t *process, vidi_status *status);

/* hf_kosmos2.c: Kosmos-2. */
void hf_kosmos2_text(struct hf *h, vidi_status *status);
void hf_kosmos2_eyes(struct hf *h, json_t *process, vidi_status *status);
bool hf_kosmos2_says(const struct hf *h, const char *word); /* a word of answers, not of control */

/* hf_mllama.c: what Llama 3.2 Vision's text_config has beside the usual; its vision_config. */
void hf_mllama_text(struct hf *h, vidi_status *status);
void hf_mllama_eyes(struct hf *h, json_t *process, vidi_status *status);

/* hf_owl2.c: mPLUG-Owl2's visual_config. */
void hf_owl2_eyes(struct hf *h, json_t *process, vidi_status *status);

/* hf_heads.c: a fused matrix, or bias, of q, k and v whose rows lie head by head. Whether a tensor
 * of floats, by our name, was such a one, which is then put with q's rows first and v's last. */
bool hf_heads_tensor(struct hf *h, const struct safetensors *file, const struct st_tensor *t,
                     const char *name, vidi_status *status);

/* hf_qformer.c: BLIP-2's vision_config and qformer_config. */
void hf_qformer_eyes(struct hf *h, json_t *process, vidi_status *status);

/* hf_rope.c: the keys, and the tensors, of how positions turn. */
void hf_rope(struct hf *h, vidi_status *status);

/* hf_names.c: the tensors of one part, under our names. */
vidi_status hf_names(struct hf *h, enum hf_part part);

/* hf_spm.c: a tokenizer.model in the form of tokenizer.json: {"model": {"type": "SentencePiece",
 * "vocab": [[piece, score, type], ...], "unk_id", ...}}; its charsmap is put at once. */
vidi_status hf_spm_json(struct hf *h, const char *path, json_t **out);

/* hf_tokens.c: the tokenizer in this folder, "" or "NAME/", and the chat template. table: the
 * tensor with a row for each word. */
vidi_status hf_tokens(struct hf *h, const char *folder, const char *table);

#endif

/* hf_folder.h - a model's folder as Hugging Face lays it out, seen as GGUF, without conversion.
 *
 *   config.json, tokenizer.json, tokenizer_config.json, generation_config.json, chat_template.*,
 *   preprocessor_config.json or processor_config.json; model.safetensors, or shards and
 *   model.safetensors.index.json
 * Metadata is made from the JSON files under the keys that the families read; tensors point into
 * the mapped shards, under the names that the families ask for. Nothing of the weights is copied.
 * What q and k of llama's architecture want is said by the key llama.rope.halves.
 * A model with eyes is two such views, the language model and what would be its mmproj.
 * Limits: JSON files of 128 MiB, in the forms of json_file.h; those of safetensors.h. Threads: as
 * in gguf.h. */
#ifndef VD_HF_FOLDER_H
#define VD_HF_FOLDER_H
#include "io/gguf.h"

/* Whether the path is a folder that holds config.json or weights in the forms of the hub. */
bool hf_folder_is(const char *path);

enum hf_part { HF_TEXT, HF_EYES };

/* VIDI_E_FORMAT, VIDI_E_IO, VIDI_E_UNSUPPORTED: one sentence that names the file and the field. */
vidi_status hf_folder_open(struct vd_ctx *ctx, const char *path, enum hf_part part,
                           struct gguf *out);
/* Whether the folder's model has eyes: opens no weights. */
vidi_status hf_folder_sees(struct vd_ctx *ctx, const char *path, bool *out);
#endif

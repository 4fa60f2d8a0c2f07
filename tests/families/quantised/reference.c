/* Logits of the last token of a prompt by llama.cpp: reference MODEL OUT ID...
 * OUT gets them as f32. Keys and values are f32, attention is not the fused one. */
#include <ggml-backend.h>
#include <llama.h>
#include <stdio.h>
#include <stdlib.h>

static struct llama_context *open_model(const char *path) {
    struct llama_model_params of_model = llama_model_default_params();
    of_model.n_gpu_layers = 0;
    struct llama_model *model = llama_model_load_from_file(path, of_model);
    if (!model) return NULL;
    struct llama_context_params of_context = llama_context_default_params();
    of_context.n_ctx = 64;
    of_context.type_k = of_context.type_v = GGML_TYPE_F32;
    of_context.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    return llama_init_from_model(model, of_context);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    llama_token ids[64];
    const int n = argc - 3 < 64 ? argc - 3 : 64;
    for (int i = 0; i < n; i++) ids[i] = atoi(argv[3 + i]);
    ggml_backend_load_all();
    struct llama_context *c = open_model(argv[1]);
    if (!c || llama_decode(c, llama_batch_get_one(ids, n)) != 0) return 1;
    const int words = llama_vocab_n_tokens(llama_model_get_vocab(llama_get_model(c)));
    FILE *out = fopen(argv[2], "wb");
    if (!out) return 1;
    const size_t written = fwrite(llama_get_logits_ith(c, -1), sizeof(float), (size_t)words, out);
    return fclose(out) == 0 && written == (size_t)words ? 0 : 1;
}

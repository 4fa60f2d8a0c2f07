/* The last logits that llama.cpp computes for a prompt with a picture, as raw f32:
 *     peer MODEL.gguf MMPROJ.gguf PICTURE PROMPT OUT LAYERS
 * LAYERS of the model, and its vision part, go to the GPU; 0: all runs on the CPU. The cache is f32
 * and attention is spelt out, so that what is compared is the weights. Prints the count of tokens.
 */
#include <llama.h>
#include <mtmd-helper.h>
#include <mtmd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1024 };

static void say_nothing(enum ggml_log_level level, const char *text, void *user) {
    (void)user;
    if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void stop(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static struct llama_model *load_model(const char *path, int layers) {
    ggml_backend_dev_t none[1] = {NULL};
    struct llama_model_params p = llama_model_default_params();
    p.n_gpu_layers = layers;
    if (!layers) p.devices = none;
    struct llama_model *m = llama_model_load_from_file(path, p);
    if (!m) stop("the model cannot be loaded");
    return m;
}

static struct llama_context *open_context(struct llama_model *m) {
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = p.n_batch = p.n_ubatch = ROWS;
    p.type_k = p.type_v = GGML_TYPE_F32;
    p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    struct llama_context *c = llama_init_from_model(m, p);
    if (!c) stop("there is no room for a context");
    return c;
}

/* A part of the prompt; a picture's rows go to the decoder as they come. */
static bool read_chunk(struct llama_context *c, mtmd_context *eyes, const mtmd_input_chunk *chunk,
                       bool last, llama_pos *past) {
    if (mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_TEXT)
        return mtmd_helper_eval_chunk_single(eyes, c, chunk, *past, 0, ROWS, last, past) == 0;
    return mtmd_encode_chunk(eyes, chunk) == 0 &&
           mtmd_helper_decode_image_chunk(eyes, c, chunk, mtmd_get_output_embd(eyes), *past, 0,
                                          ROWS, past, NULL, NULL) == 0;
}

static void read_prompt(struct llama_context *c, mtmd_context *eyes, const char *picture,
                        const char *prompt) {
    struct mtmd_helper_bitmap_wrapper w =
        mtmd_helper_bitmap_init_from_file(eyes, picture, false, mtmd_helper_init_opt_default());
    if (!w.bitmap) stop("the picture cannot be read");
    const mtmd_bitmap *bitmaps[] = {w.bitmap};
    const struct mtmd_input_text text = {prompt, strlen(prompt), true, true};
    mtmd_input_chunks *chunks = mtmd_input_chunks_init();
    llama_pos past = 0;
    if (mtmd_tokenize(eyes, chunks, &text, bitmaps, 1)) stop("the prompt cannot be read");
    const size_t n = mtmd_input_chunks_size(chunks);
    for (size_t i = 0; i < n; i++)
        if (!read_chunk(c, eyes, mtmd_input_chunks_get(chunks, i), i + 1 == n, &past))
            stop("nothing came out");
    printf("%zu tokens", mtmd_helper_get_n_tokens(chunks));
}

int main(int argc, char **argv) {
    if (argc != 7) stop("peer MODEL MMPROJ PICTURE PROMPT OUT LAYERS");
    llama_log_set(say_nothing, NULL);
    mtmd_helper_log_set(say_nothing, NULL);
    ggml_backend_load_all();
    llama_backend_init();
    const int layers = atoi(argv[6]);
    struct llama_model *m = load_model(argv[1], layers);
    struct llama_context *c = open_context(m);
    struct mtmd_context_params p = mtmd_context_params_default();
    p.use_gpu = layers > 0;
    p.warmup = false;
    p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    mtmd_context *eyes = mtmd_init_from_file(argv[2], m, p);
    if (!eyes) stop("the vision part cannot be loaded");
    read_prompt(c, eyes, argv[3], argv[4]);
    const size_t words = (size_t)llama_vocab_n_tokens(llama_model_get_vocab(m));
    FILE *out = fopen(argv[5], "wb");
    if (!out || fwrite(llama_get_logits_ith(c, -1), sizeof(float), words, out) != words ||
        fclose(out))
        stop("the logits cannot be written");
    return 0;
}

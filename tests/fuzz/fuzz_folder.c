/* A model's folder of the hub with any bytes in its small files: words and nothing left behind, or
 * tensors that lie inside the weights and a vocabulary that can be used. The input is the files in
 * the order of `names`, with a NUL after each but the last; an empty one is left out. The weights
 * are those of tests/families/folders/pieces_bpe, as one file and as the shard that an index may
 * name (run from the root of the repository). */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/hf_folder.h"
#include "text/chat_form.h"
#include "text/tokenizer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const names[] = {"config.json",
                                    "tokenizer.json",
                                    "tokenizer_config.json",
                                    "generation_config.json",
                                    "preprocessor_config.json",
                                    "model.safetensors.index.json",
                                    "tokenizer.model"};
enum { N_NAMES = sizeof names / sizeof *names };
static const char weights[] = "tests/families/folders/pieces_bpe/model.safetensors";
static const char *const weight_names[] = {"model.safetensors", "model-00001-of-00001.safetensors"};

static char folder[512];
static volatile unsigned read_bytes; /* so that the reading is not left out */

static void must(bool right) {
    if (!right) abort();
}

static const char *inside(const char *name) {
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_folder(void) {
    for (int i = 0; i < N_NAMES; i++) unlink(inside(names[i]));
    for (int i = 0; i < 2; i++) unlink(inside(weight_names[i]));
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    const char *tmp = getenv("VIDI_TEST_TMP");
    char root[400], target[600];
    snprintf(folder, sizeof folder, "%s/fuzz_folder.XXXXXX", tmp ? tmp : "/tmp");
    must(mkdtemp(folder) && getcwd(root, sizeof root));
    snprintf(target, sizeof target, "%s/%s", root, weights);
    for (int i = 0; i < 2; i++) must(symlink(target, inside(weight_names[i])) == 0);
    atexit(remove_folder);
    return 0;
}

static void write_files(const uint8_t *data, size_t len) {
    for (int i = 0; i < N_NAMES; i++) {
        const uint8_t *end = i < N_NAMES - 1 ? memchr(data, 0, len) : NULL;
        const size_t n = end ? (size_t)(end - data) : len;
        unlink(inside(names[i]));
        if (n) {
            FILE *f = fopen(inside(names[i]), "wb");
            must(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
        }
        const size_t step = n + (end != NULL);
        data += step;
        len -= step;
    }
}

/* The first and the last byte of every tensor can be read. */
static void check_tensors(const struct gguf *g) {
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        const struct gguf_tensor *t = &g->tensors[i];
        const uint8_t *bytes = t->data;
        if (t->bytes) read_bytes += bytes[0] + (unsigned)bytes[t->bytes - 1];
    }
}

static void use_words(struct vd_ctx *ctx, const struct gguf *g) {
    static const char text[] = "<|im_start|>user\nHi  12 \xE4\xBD\xA0 \xFF<s>\n\n<image></s>";
    struct tokenizer *t = NULL;
    if (tokenizer_open(ctx, g, &t) == VIDI_OK) {
        struct arena a;
        arena_open(&a, ctx);
        struct tokens ids = {.arena = &a};
        if (tokenize(t, text, sizeof text - 1, TOKENIZE_SPECIAL, &ids) == VIDI_OK)
            for (uint32_t i = 0; i < ids.n; i++)
                must(ids.ids[i] >= 0 && (uint32_t)ids.ids[i] < tokenizer_size(t));
        arena_close(&a);
        (void)chat_form_of_words(t);
    }
    tokenizer_close(t);
    struct str tmpl;
    if (gguf_str(g, "tokenizer.chat_template", &tmpl) == VIDI_OK)
        (void)chat_form_recognise(tmpl.ptr, tmpl.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct vd_ctx ctx = {0};
    bool sees;
    write_files(data, len);
    if (!hf_folder_is(folder)) return 0;
    (void)hf_folder_sees(&ctx, folder, &sees);
    for (enum hf_part part = HF_TEXT; part <= HF_EYES; part++) {
        struct gguf g = {0};
        ctx.error[0] = '\0';
        const vidi_status status = hf_folder_open(&ctx, folder, part, &g);
        must((status == VIDI_OK) != (ctx.error[0] != '\0'));
        if (status == VIDI_OK) {
            check_tensors(&g);
            if (part == HF_TEXT) use_words(&ctx, &g);
        }
        gguf_close(&g);
        must(ctx.heap.live_bytes == 0);
    }
    return 0;
}

/* Input that starts with "GGUF" is a file whose vocabulary is opened and used; any other input is a
 * text for the two vocabularies of tests/text/data (run from the root of the repository).
 * Seeds: tests/text/data/bpe.gguf and spm.gguf. */
#include <stdlib.h>
#include <string.h>

#include "text/chat_form.h"
#include "text/pretokenize.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct vd_ctx ctx;
static struct gguf files[2];
static struct tokenizer *tokenizers[2];

static void must(bool right) {
    if (!right) abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    static const char *const paths[] = {"tests/text/data/bpe.gguf", "tests/text/data/spm.gguf"};
    for (int i = 0; i < 2; i++) {
        must(gguf_open(&ctx, paths[i], &files[i]) == VIDI_OK);
        must(tokenizer_open(&ctx, &files[i], &tokenizers[i]) == VIDI_OK);
    }
    return 0;
}

/* Every piece that a stream gives is whole, and bytes come back as they went in. */
static void check_stream(const struct tokenizer *t, const struct tokens *ids) {
    const uint32_t cap = 8 + 3 * tokenizer_longest(t) + 3;
    char *out = malloc(cap);
    struct detok d = {0};
    must(out != NULL);
    for (uint32_t i = 0; i <= ids->n; i++) {
        const uint32_t n = detok_next(t, &d, i < ids->n ? ids->ids[i] : -1, out, cap);
        must(n < cap && out[n] == '\0');
        for (uint32_t k = 0, step; k < n; k += step) must((step = utf8_length(out + k, n - k)) > 0);
    }
    free(out);
}

static void check_bytes(const struct tokenizer *t, const struct tokens *ids, const char *text,
                        size_t len) {
    size_t at = 0;
    for (uint32_t i = 0; i < ids->n; i++) {
        char piece[256];
        const uint32_t n = token_bytes(t, ids->ids[i], piece, sizeof piece);
        must(n <= sizeof piece && n <= len - at && memcmp(text + at, piece, n) == 0);
        at += n;
    }
    must(at == len);
}

static void use(const struct tokenizer *t, const char *text, size_t len, int flags, bool bytes) {
    struct arena a;
    arena_open(&a, &ctx);
    struct tokens ids = {.arena = &a};
    must(tokenize(t, text, len, flags, &ids) == VIDI_OK);
    for (uint32_t i = 0; i < ids.n; i++)
        must(ids.ids[i] >= 0 && (uint32_t)ids.ids[i] < tokenizer_size(t));
    check_stream(t, &ids);
    if (bytes) check_bytes(t, &ids, text, len);
    arena_close(&a);
}

static void use_file(const uint8_t *data, size_t len) {
    static const char text[] = "<|im_start|>user\nHi  12 \xE4\xBD\xA0 \xFF<s>\n\n<image></s>";
    struct gguf g = {0};
    struct tokenizer *t = NULL;
    const uint64_t before = ctx.heap.live_bytes;
    const vidi_status opened = gguf_open_memory(&ctx, "input", data, len, &g);
    if (opened == VIDI_OK && tokenizer_open(&ctx, &g, &t) == VIDI_OK) {
        use(t, text, sizeof text - 1, TOKENIZE_SPECIAL, false);
        use(t, text, sizeof text - 1, 0, false);
        (void)chat_form_of_words(t);
    }
    struct str tmpl;
    if (opened == VIDI_OK && gguf_str(&g, "tokenizer.chat_template", &tmpl) == VIDI_OK)
        (void)chat_form_recognise(tmpl.ptr, tmpl.len);
    tokenizer_close(t);
    gguf_close(&g);
    must(ctx.heap.live_bytes == before);
}

/* The first byte chooses the pre-tokenizer. */
static void use_pieces(const char *text, uint32_t len) {
    uint32_t n_names = 0;
    while (pretokenizer_name(n_names)) n_names++;
    const char *name = pretokenizer_name((unsigned char)text[0] % n_names);
    struct arena a;
    struct pretokenizer p;
    struct splitter s = {0};
    arena_open(&a, &ctx);
    must(pretokenizer_open(&ctx, name, strlen(name), &p) == VIDI_OK);
    must(splitter_open(&s, &p, &a) == VIDI_OK);
    must(split(&s, text, len) == VIDI_OK);
    for (uint32_t i = 0, start = 0; i < s.now.n; start = s.now.ends[i++])
        must(s.now.ends[i] > start);
    must(s.now.n > 0 && s.now.ends[s.now.n - 1] == len);
    splitter_close(&s);
    pretokenizer_close(&p);
    arena_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len >= 4 && memcmp(data, "GGUF", 4) == 0) {
        use_file(data, len);
        return 0;
    }
    if (len == 0) return 0;
    const char *text = (const char *)data;
    use(tokenizers[0], text, len, 0, true);
    use(tokenizers[0], text, len, TOKENIZE_SPECIAL, false);
    use(tokenizers[1], text, len, TOKENIZE_SPECIAL, false);
    use_pieces(text, (uint32_t)len);
    (void)chat_form_recognise(text, len);
    return 0;
}

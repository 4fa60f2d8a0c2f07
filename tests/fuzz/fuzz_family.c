/* The metadata of every family, changed: config, shape, plans for pictures and graphs, without a
 * device (tests/config/pair.h). Words, or it opens; never anything else. The input: which model,
 * two sizes of a picture, then changes of ten bytes each (run from the root of the repository). */
#include <stdlib.h>
#include <string.h>

#include "pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { PAIRS_MOST = 64, CHANGES = 8, CHANGE_BYTES = 10, HEAD_BYTES = 3, SIDE_MOST = 300 };

static struct pair *pairs[PAIRS_MOST];

static struct pair *pair_of(uint32_t i) {
    if (!pairs[i]) {
        pairs[i] = calloc(1, sizeof *pairs[i]);
        if (!pairs[i] || !pair_open(pairs[i], &pair_names[i])) abort();
    }
    return pairs[i];
}

static const int64_t whole_numbers[] = {
    0, 1, -1, 2, 3, 4, 7, 8, 16, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN, 1 << 16, 1 << 20};
static const struct str texts[] = {{"", 0},         {"clip", 4},      {"llama", 5}, {"mlp", 3},
                                   {"yarn", 4},     {"longrope", 8},  {"none", 4},  {"qwen2vl", 7},
                                   {"internvl", 8}, {"resampler", 9}, {"phi2", 4},  {"gemma3", 6}};
enum {
    N_WHOLE = sizeof whole_numbers / sizeof *whole_numbers,
    N_TEXTS = sizeof texts / sizeof *texts
};

/* Keys that families read come up as often as there are such. */
static uint32_t key_of(const struct gguf *g, uint32_t nth) {
    uint32_t usable = 0, at = 0;
    for (uint32_t i = 0; i < g->n_values; i++) usable += !pair_leaves(&g->values[i]);
    if (!usable) return 0;
    nth %= usable;
    for (; pair_leaves(&g->values[at]) || nth--; at++) continue;
    return at;
}

static struct change change_of(const struct pair *p, const uint8_t *b) {
    struct change c = {.file = b[0] % p->n_files,
                       .kind = (enum change_kind)(b[1] % (CHANGE_LENGTH + 1)),
                       .entry = b[3],
                       .whole = b[1] & 0x80};
    uint32_t bits;
    float real;
    c.value = key_of(&p->files[c.file], b[2]);
    memcpy(&bits, b + 5, sizeof bits);
    memcpy(&real, b + 5, sizeof real);
    c.number = b[4] & 0x80 ? whole_numbers[b[4] % N_WHOLE] : (int64_t)(bits >> (b[4] % 32));
    c.real = b[9] & 1 ? (double)real : (double)c.number;
    c.text = texts[b[4] % N_TEXTS];
    if (c.kind == CHANGE_FLAG) c.number &= 1;
    if (c.kind == CHANGE_LENGTH) c.number = b[4];
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct change changes[CHANGES];
    uint32_t n = 0;
    enum pair_stage reached;
    if (len < HEAD_BYTES + CHANGE_BYTES) return 0;
    struct pair *p = pair_of(data[0] % n_pair_names);
    const struct pair_picture pictures[] = {{1u + data[1] % SIDE_MOST, 1u + data[2] % SIDE_MOST},
                                            {1u + data[2], 1}};
    for (size_t at = HEAD_BYTES; at + CHANGE_BYTES <= len && n < CHANGES; at += CHANGE_BYTES)
        changes[n++] = change_of(p, data + at);
    const vidi_status status = pair_try(p, changes, n, pictures, 2, &reached);
    if (status != VIDI_OK && !p->ctx.error[0]) __builtin_trap();
    return 0;
}

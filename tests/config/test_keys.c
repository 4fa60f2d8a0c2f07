/* Each key of a family that is a number, a flag or a list of them, changed alone or missing: the
 * model opens as far as it goes without a device, or a sentence names the key, or the tensors that
 * no longer fit. Never anything else. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "pair.h"

static const struct pair_picture pictures[] = {{90, 60}, {1, 1}, {200, 1}};
enum { N_PICTURES = sizeof pictures / sizeof *pictures };

static const int64_t whole_numbers[] = {0,       1,         -1,         2,         3,        7,
                                        1 << 16, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN};
static const double reals[] = {0, -1, 0.5, 1e30, 1e-30, NAN, INFINITY, -INFINITY};

/* A sentence about the key, about one of its like that no longer goes with it, or about tensors
 * whose shapes it gives. */
static bool is_told(const char *words, const char *key) {
    static const char *const others[] = {
        "not as the model needs", "nothing of this family computes", "do not belong together",
        "out of memory",          "more than this program makes",    "no device: "};
    char like[256];
    snprintf(like, sizeof like, " %.*s.", (int)strcspn(key, "."), key);
    if (strstr(words, like)) return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(words, others[i])) return true;
    return false;
}

static uint32_t tried, refused, wrong;

static void expect_told(struct pair *p, const char *path, const struct change *c) {
    char key[256];
    enum pair_stage reached;
    const struct str name = p->files[c->file].values[c->value].key;
    snprintf(key, sizeof key, "%.*s", (int)name.len, name.ptr);
    p->ctx.error[0] = 0;
    const vidi_status status = pair_try(p, c, 1, pictures, N_PICTURES, &reached);
    tried++;
    refused += status != VIDI_OK;
    if (status == VIDI_OK || is_told(p->ctx.error, key)) return;
    wrong++;
    print_error("%s: %s, change %d to %lld or %g, entry %u: %d: %s\n", path, key, c->kind,
                (long long)c->number, c->real, c->entry, status, p->ctx.error);
}

static void change_all(struct pair *p, const char *path, uint32_t file, uint32_t value) {
    const struct gguf_value *v = &p->files[file].values[value];
    struct change c = {.file = file, .value = value, .kind = CHANGE_REMOVE};
    expect_told(p, path, &c);
    if (v->item == GGUF_STRING) return;
    const bool array = v->kind == GGUF_ARRAY && v->n;
    for (int entry = 0; entry < (array ? 3 : 1); entry++) {
        /* The whole as one number, the first entry, the last. */
        c = (struct change){.file = file, .value = value, .kind = CHANGE_INT, .whole = !entry};
        c.entry = entry == 2 ? (uint32_t)v->n - 1 : 0;
        for (size_t i = 0; i < sizeof whole_numbers / sizeof *whole_numbers; i++) {
            c.number = whole_numbers[i];
            expect_told(p, path, &c);
        }
        c.kind = CHANGE_FLOAT;
        for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
            c.real = reals[i];
            expect_told(p, path, &c);
        }
    }
    for (int64_t n = 0; array && n < 2 && n < (int64_t)v->n; n++)
        expect_told(
            p, path,
            &(struct change){.file = file, .value = value, .kind = CHANGE_LENGTH, .number = n});
    for (c = (struct change){.file = file, .value = value, .kind = CHANGE_FLAG}; c.number < 2;
         c.number++)
        expect_told(p, path, &c);
    c = (struct change){
        .file = file, .value = value, .kind = CHANGE_TEXT, .text = {"nothing known", 13}};
    expect_told(p, path, &c);
}

static void test_every_key(void **state) {
    (void)state;
    for (uint32_t i = 0; i < n_pair_names; i++) {
        struct pair p;
        enum pair_stage reached;
        const char *path = pair_names[i].text;
        if (!pair_open(&p, &pair_names[i])) fail_msg("%s: %s", path, p.ctx.error);
        if (pair_try(&p, NULL, 0, pictures, N_PICTURES, &reached) != VIDI_OK)
            fail_msg("%s as it is: %s", path, p.ctx.error);
        for (uint32_t f = 0; f < p.n_files; f++)
            for (uint32_t k = 0; k < p.files[f].n_values; k++)
                if (!pair_leaves(&p.files[f].values[k])) change_all(&p, path, f, k);
        pair_close(&p);
    }
    print_message("%u changes in %u models, %u of them refused\n", tried, n_pair_names, refused);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

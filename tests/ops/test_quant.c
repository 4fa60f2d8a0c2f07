/* Quantisers: q8_0 and q4_0 are those of the gguf package byte for byte, q4_K errs no more than
 * ggml's, and the rule of which tensor becomes what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ops/quant.h"
#include "ops/weight.h"

enum { ROWS = 8, COLS = 512, N = ROWS * COLS };

static struct {
    float x[N];
    uint8_t q8_0[N / 32 * 34], q4_0[N / 32 * 18], q4_k[N / 256 * 144];
} want;

static int load(void **state) {
    (void)state;
    FILE *f = fopen("tests/ops/data/quant.bin", "rb");
    if (!f) return 1;
    const size_t n = fread(&want, 1, sizeof want, f);
    fclose(f);
    return n == sizeof want ? 0 : 1;
}

static void same(enum vd_type type, const uint8_t *golden, size_t bytes) {
    static uint8_t got[sizeof want.q8_0];
    for (int r = 0; r < ROWS; r++)
        quant_row(type, want.x + r * COLS, COLS, got + (size_t)r * bytes / ROWS);
    for (size_t i = 0; i < bytes; i++)
        if (got[i] != golden[i])
            fail_msg("%s byte %zu: %d, want %d", vd_formats[type].name, i, got[i], golden[i]);
}

static void q8_0_and_q4_0_are_the_formats_own_bytes(void **state) {
    (void)state;
    same(VD_Q8_0, want.q8_0, sizeof want.q8_0);
    same(VD_Q4_0, want.q4_0, sizeof want.q4_0);
}

struct loss {
    double plain, weighed; /* sums of squares; weighed as both search for the least of it */
};

static struct loss loss_of(const float *x, const void *q) {
    static float back[COLS];
    struct loss sum = {0, 0};
    dequant_row(VD_Q4_K, q, COLS, back);
    for (int first = 0; first < COLS; first += 32) {
        double size = 0;
        for (int c = first; c < first + 32; c++) size += (double)x[c] * (double)x[c];
        for (int c = first; c < first + 32; c++) {
            const double miss = pow((double)x[c] - (double)back[c], 2);
            sum.plain += miss;
            sum.weighed += miss * (sqrt(size / 32) + fabs((double)x[c]));
        }
    }
    return sum;
}

/* What is searched for in every row, and the plain error over the rows together. */
static void q4_k_is_no_worse_than_ggml(void **state) {
    (void)state;
    uint8_t got[COLS / 256 * 144];
    double plain = 0;
    for (int r = 0; r < ROWS; r++) {
        const float *x = want.x + r * COLS;
        quant_row(VD_Q4_K, x, COLS, got);
        const struct loss ours = loss_of(x, got), theirs = loss_of(x, want.q4_k + r * sizeof got);
        if (!(ours.weighed <= theirs.weighed))
            fail_msg("row %d: %g, ggml %g", r, ours.weighed, theirs.weighed);
        plain += sqrt(ours.plain / theirs.plain) / ROWS;
    }
    if (!(plain <= 1)) fail_msg("%g of ggml's error", plain);
}

static void many_rows_are_each_row(void **state) {
    (void)state;
    static uint8_t got[sizeof want.q8_0];
    struct vd_ctx ctx = {0};
    const struct quant_job job = {
        .from = VD_F32, .to = VD_Q8_0, .src = want.x, .out = got, .rows = ROWS, .cols = COLS};
    assert_int_equal(quant_rows(&ctx, &job), VIDI_OK);
    assert_memory_equal(got, want.q8_0, sizeof got);
    assert_int_equal(ctx.heap.live_bytes, 0);
    ctx.heap = (struct vd_heap){.fail_at = 1};
    assert_int_equal(quant_rows(&ctx, &job), VIDI_E_MEMORY);
}

/* Numbers that no file should hold give some bytes, and no trap. */
static void what_is_not_finite_passes(void **state) {
    (void)state;
    static const enum vd_type types[] = {VD_F16, VD_Q8_0, VD_Q4_0, VD_Q4_K};
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f};
    float row[256];
    uint8_t out[1024];
    for (int t = 0; t < 4; t++)
        for (int b = 0; b < 6; b++)
            for (int all = 0; all < 2; all++) {
                for (int i = 0; i < 256; i++) row[i] = all || i == 7 ? bad[b] : (float)(i % 9) - 4;
                quant_row(types[t], row, 256, out);
            }
}

static void the_rule_of_types(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum vd_type have;
        uint32_t n_dims;
        uint64_t cols;
        enum vd_type wanted, want;
    } rows[] = {
        {"blk.0.attn_q.weight", VD_BF16, 2, 512, VD_Q4_K, VD_Q4_K},
        {"blk.0.attn_q.weight", VD_F16, 2, 512, VD_Q4_0, VD_Q4_0},
        {"blk.0.attn_q.weight", VD_F32, 2, 512, VD_Q8_0, VD_Q8_0},
        {"blk.0.ffn_down.weight", VD_F32, 2, 288, VD_Q4_K, VD_Q8_0},
        {"blk.0.ffn_down.weight", VD_F32, 2, 288, VD_Q4_0, VD_Q4_0},
        {"blk.0.ffn_down.weight", VD_F32, 2, 300, VD_Q4_K, VD_F16},
        {"blk.0.ffn_down.weight", VD_BF16, 2, 300, VD_Q8_0, VD_BF16},
        {"token_embd.weight", VD_F16, 2, 512, VD_Q4_K, VD_Q8_0},
        {"output.weight", VD_F16, 2, 512, VD_Q4_0, VD_Q8_0},
        {"token_embd.weight", VD_F16, 2, 500, VD_Q4_K, VD_F16},
        {"blk.0.attn_norm.weight", VD_F32, 1, 512, VD_Q4_K, VD_F32},
        {"blk.0.attn_q_norm.weight", VD_F32, 2, 512, VD_Q4_K, VD_F32},
        {"blk.0.attn_q.bias", VD_F32, 2, 512, VD_Q4_K, VD_F32},
        {"v.patch_embd.weight", VD_F16, 4, 512, VD_Q4_K, VD_F16},
        {"v.position_embd.weight", VD_F16, 2, 512, VD_Q4_K, VD_F16},
        {"blk.0.attn_q.weight", VD_Q6_K, 2, 512, VD_Q4_K, VD_Q6_K},
        {"blk.0.attn_q.weight", VD_F16, 2, 512, VD_TYPE_NONE, VD_F16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct quant_tensor t = {rows[i].name, strlen(rows[i].name), rows[i].have,
                                       rows[i].n_dims, rows[i].cols};
        if (quant_choice(rows[i].wanted, &t) != rows[i].want) fail_msg("row %zu", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q8_0_and_q4_0_are_the_formats_own_bytes),
        cmocka_unit_test(q4_k_is_no_worse_than_ggml),
        cmocka_unit_test(many_rows_are_each_row),
        cmocka_unit_test(what_is_not_finite_passes),
        cmocka_unit_test(the_rule_of_types),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}

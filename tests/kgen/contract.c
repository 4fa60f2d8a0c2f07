/* The contract that kgen writes for the shaders of tests/kgen/good. gpu_dispatch() here is a
 * stand-in that keeps what the generated macro hands over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"

static struct {
    uint32_t kernel;
    int variant;
    struct vd_groups g;
    union {
        struct k_every every;
        struct k_plain plain;
    } args;
} last;

void gpu_dispatch(struct gpu_list *list, uint32_t kernel, int variant, struct vd_groups g,
                  const void *args) {
    (void)list;
    last.kernel = kernel;
    last.variant = variant;
    last.g = g;
    if (kernel == K_every) last.args.every = *(const struct k_every *)args;
    if (kernel == K_plain) last.args.plain = *(const struct k_plain *)args;
}

static void table_has_the_contract(void **state) {
    (void)state;
    assert_int_equal(kernel_count, 3);
    assert_int_equal(K_COUNT, 3);
    const struct kernel *k = &kernel_table[K_every];
    assert_string_equal(k->name, "every");
    assert_string_equal(k->purpose, "Everything \"allowed\": y = w x?\\");
    assert_int_equal(k->needs, NEED_SUBGROUP | NEED_F16);
    assert_int_equal(k->n_bindings, 5);
    assert_int_equal(k->read_mask, 0x17);
    assert_int_equal(k->write_mask, 0x0c);
    static const char *const names[] = {"x", "w", "state", "y", "idle"};
    for (uint32_t i = 0; i < 5; i++) assert_string_equal(k->binding_names[i], names[i]);
    assert_int_equal(k->push_bytes, 12);
}

static void texels_are_marked(void **state) {
    (void)state;
    const struct kernel *k = &kernel_table[K_texels];
    assert_int_equal(k->needs, NEED_TEXELS);
    assert_int_equal(k->n_bindings, 2);
    assert_int_equal(k->texel_mask, 1);
    assert_int_equal(k->read_mask, 1);
    assert_int_equal(k->write_mask, 2);
    assert_string_equal(k->binding_names[0], "x");
    assert_int_equal(kernel_table[K_every].texel_mask, 0);
}

static void specs_are_sorted_with_defaults(void **state) {
    (void)state;
    static const struct kernel_spec expected[] = {
        {"CAUSAL", 1, 1},          {"SHIFT", 2, (uint32_t)-3}, {"WG", 5, 128},
        {"SCALE", 9, 0x3f000000u}, {"UNUSED", 11, 7},
    };
    const struct kernel *k = &kernel_table[K_every];
    assert_int_equal(k->n_specs, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(k->specs[i].name, expected[i].name);
        assert_int_equal(k->specs[i].id, expected[i].id);
        assert_int_equal(k->specs[i].value, expected[i].value);
    }
    assert_int_equal(kernel_table[K_plain].n_specs, 0);
}

static void variants_are_the_product(void **state) {
    (void)state;
    static const char *const names[] = {"f32.one", "f32.two", "f32.three",
                                        "f16.one", "f16.two", "f16.three"};
    const struct kernel *k = &kernel_table[K_every];
    assert_int_equal(k->n_variants, 6);
    for (uint32_t i = 0; i < 6; i++) {
        const struct kernel_variant *v = &k->variants[i];
        assert_string_equal(v->name, names[i]);
        assert_int_equal(v->words[0], 0x07230203);
        for (uint32_t j = 0; j < i; j++) { /* every define reached the compiler */
            const struct kernel_variant *w = &k->variants[j];
            assert_true(v->n_words != w->n_words || memcmp(v->words, w->words, v->n_words * 4));
        }
    }
    assert_int_equal(kernel_table[K_plain].n_variants, 1);
    assert_string_equal(kernel_table[K_plain].variants[0].name, "");
}

static void embedded_words_have_no_names(void **state) {
    (void)state;
    for (uint32_t i = 0; i < kernel_table[K_every].n_variants; i++) {
        const struct kernel_variant *v = &kernel_table[K_every].variants[i];
        for (uint32_t at = 5; at < v->n_words; at += v->words[at] >> 16) {
            assert_int_not_equal(v->words[at] & 0xffff, 5); /* OpName */
            assert_int_not_equal(v->words[at] & 0xffff, 6); /* OpMemberName */
        }
    }
}

static void macro_hands_over_a_packed_struct(void **state) {
    (void)state;
    k_every(NULL, 3, groups(7, 2, 1), .w = {.bytes = 44}, .cols = 5, .first = -1, .eps = 0.25f,
            .spec.WG = 64);
    assert_int_equal(last.kernel, K_every);
    assert_int_equal(last.variant, 3);
    assert_int_equal(last.g.x, 7);
    assert_int_equal(last.g.y, 2);
    assert_int_equal(last.args.every.w.bytes, 44);
    assert_int_equal(last.args.every.cols, 5);
    assert_int_equal(last.args.every.first, -1);
    assert_int_equal(last.args.every.spec.WG, 64);
    /* The engine reads the struct by the table's counts: spans, push constants, constants. */
    const size_t push = 5 * sizeof(struct vd_span);
    assert_int_equal(offsetof(struct k_every, state), 2 * sizeof(struct vd_span));
    assert_int_equal(offsetof(struct k_every, cols), push);
    assert_int_equal(offsetof(struct k_every, eps), push + 8);
    assert_int_equal(offsetof(struct k_every, spec), push + 12);
    assert_int_equal(offsetof(struct k_every, spec.CAUSAL), push + 12);
    assert_int_equal(offsetof(struct k_every, spec.UNUSED), push + 12 + 16);
    k_plain(NULL, 0, groups(1), .y = {.offset = 16});
    assert_int_equal(last.args.plain.y.offset, 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_the_contract),
        cmocka_unit_test(texels_are_marked),
        cmocka_unit_test(specs_are_sorted_with_defaults),
        cmocka_unit_test(variants_are_the_product),
        cmocka_unit_test(embedded_words_have_no_names),
        cmocka_unit_test(macro_hands_over_a_packed_struct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The width of a workgroup, read from compiled shaders. */
#include "common.h"

#include <string.h>

#include "gpu/inside.h"

/* A shader that says WG is as wide as WG, whatever it is set to. */
static void widths_follow_specialisation(void **state) {
    (void)state;
    const struct kernel *k = &kernel_table[K_copy_words];
    assert_int_equal(k->n_specs, 1);
    for (uint32_t wg = 1; wg <= 256; wg *= 2)
        assert_int_equal(spirv_local_size_x(k, &k->variants[0], &wg), wg);
}

static void fixed_widths_are_found(void **state) {
    (void)state;
    const struct kernel *k = &kernel_table[K_stamp];
    assert_int_equal(spirv_local_size_x(k, &k->variants[0], NULL), 1);
}

static void every_kernel_has_a_width(void **state) {
    (void)state;
    for (uint32_t i = 0; i < kernel_count; i++) {
        const struct kernel *k = &kernel_table[i];
        uint32_t specs[64];
        for (uint32_t s = 0; s < k->n_specs; s++) specs[s] = k->specs[s].value;
        for (uint32_t v = 0; v < k->n_variants; v++) {
            const uint32_t width = spirv_local_size_x(k, &k->variants[v], specs);
            if (width < 1 || width > 1024) fail_msg("%s: %u", k->name, width);
        }
    }
}

/* Words cut off anywhere are not read past their end. */
static void cut_words_end_the_search(void **state) {
    (void)state;
    const struct kernel *k = &kernel_table[K_copy_words];
    for (uint32_t n = 5; n < k->variants[0].n_words && n < 300; n++) {
        uint32_t *words = malloc(n * sizeof *words), wg = 64;
        memcpy(words, k->variants[0].words, n * sizeof *words);
        const struct kernel_variant cut = {.name = "", .words = words, .n_words = n};
        spirv_local_size_x(k, &cut, &wg);
        free(words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_follow_specialisation),
        cmocka_unit_test(fixed_widths_are_found),
        cmocka_unit_test(every_kernel_has_a_width),
        cmocka_unit_test(cut_words_end_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

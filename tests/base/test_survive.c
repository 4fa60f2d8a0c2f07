/* A mapped file that is cut while it is read: what was kept stays, what is gone is told. */
#define _POSIX_C_SOURCE 200809L
#include "base/survive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGES = 5 };

struct scene {
    size_t page;
    FILE *file;
    unsigned char *map, *copy;
};

static void set_scene(struct scene *s) {
    s->page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t all = PAGES * s->page;
    s->copy = malloc(all);
    s->file = tmpfile();
    assert_non_null(s->copy);
    assert_non_null(s->file);
    for (size_t i = 0; i < all; i++) s->copy[i] = (unsigned char)(i * 7 + i / s->page);
    assert_int_equal(fwrite(s->copy, 1, all, s->file), all);
    assert_int_equal(fflush(s->file), 0);
    s->map = mmap(NULL, all, PROT_READ, MAP_PRIVATE, fileno(s->file), 0);
    assert_ptr_not_equal(s->map, MAP_FAILED);
}

static void clear_scene(struct scene *s) {
    assert_int_equal(munmap(s->map, PAGES * s->page), 0);
    fclose(s->file);
    free(s->copy);
}

static void test_copy(void **state) {
    (void)state;
    struct scene s;
    set_scene(&s);
    const size_t odd = s.page + 17, n = 2 * s.page;
    unsigned char *to = malloc(PAGES * s.page);
    assert_non_null(to);
    assert_true(survive_copy(to, s.map + odd, n));
    assert_memory_equal(to, s.copy + odd, n);
    assert_true(survive_copy(to, s.map, 0));
    assert_int_equal(ftruncate(fileno(s.file), (off_t)(2 * s.page + 5)), 0);
    assert_true(survive_copy(to, s.map + s.page, s.page + 5));
    assert_memory_equal(to, s.copy + s.page, s.page + 5);
    assert_false(survive_copy(to, s.map + s.page, 3 * s.page)); /* its end is gone */
    assert_false(survive_copy(to, s.map + 4 * s.page, 1));
    free(to);
    clear_scene(&s);
}

static void test_keep(void **state) {
    (void)state;
    struct scene s;
    set_scene(&s);
    assert_true(survive_keep(s.map, s.page + 1));
    assert_int_equal(ftruncate(fileno(s.file), 0), 0);
    assert_memory_equal(s.map, s.copy, 2 * s.page);
    unsigned char byte;
    assert_false(survive_copy(&byte, s.map + 2 * s.page, 1));
    assert_false(survive_keep(s.map + 2 * s.page, s.page));
    clear_scene(&s);
}

int main(void) {
    unsigned char a = 1, b;
    if (!survive_copy(&b, &a, 1) || b != 1) return 1;
#ifndef __linux__
    puts("a cut file is fatal here");
    return 77;
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_copy), cmocka_unit_test(test_keep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

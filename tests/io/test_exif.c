/* Orientation from bytes that end where their memory ends: a sanitizer sees every stray read. */
#include "io_help.h"

#include <stdlib.h>
#include <string.h>

#include "io/exif.h"

static uint32_t exactly(const unsigned char *tiff, uint64_t bytes) {
    unsigned char *exact = malloc(bytes ? bytes : 1);
    memcpy(exact, tiff, bytes);
    const uint32_t turn = exif_orientation(exact, bytes);
    free(exact);
    return turn;
}

static const unsigned char little[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12,
                                       1,   3,   0,  1, 0, 0, 0, 6, 0, 0, 0};
static const unsigned char big[] = {'M',  'M', 0, 42, 0, 0, 0, 8, 0, 1, 1,
                                    0x12, 0,   3, 0,  0, 0, 1, 0, 8, 0, 0};

static void test_sound(void **state) {
    (void)state;
    assert_int_equal(exactly(little, sizeof little), 6);
    assert_int_equal(exactly(big, sizeof big), 8);
}

static void test_cut(void **state) {
    (void)state;
    for (uint64_t n = 0; n < sizeof little; n++) assert_int_equal(exactly(little, n), 1);
    for (uint64_t n = 0; n < sizeof big; n++) assert_int_equal(exactly(big, n), 1);
}

/* Every place and every count that a byte or all bits set can give. */
static void test_damaged(void **state) {
    (void)state;
    for (uint64_t at = 0; at < sizeof little; at++)
        for (int value = 0; value < 256; value++) {
            unsigned char tiff[sizeof little];
            memcpy(tiff, little, sizeof tiff);
            tiff[at] = (unsigned char)value;
            const uint32_t turn = exactly(tiff, sizeof tiff);
            assert_true(turn >= 1 && turn <= 8);
        }
    unsigned char tiff[sizeof little];
    memcpy(tiff, little, sizeof tiff);
    memset(tiff + 4, 255, 6);
    assert_int_equal(exactly(tiff, sizeof tiff), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sound), cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

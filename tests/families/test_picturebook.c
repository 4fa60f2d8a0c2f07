/* The embedded model against its PyTorch reference on the same dequantised weights. */
#include "family.h"

static const char golden[] = "tests/families/picturebook";
static const char picture[] = "tests/families/picturebook/picture.png";
static const char question[] = "Describe the picture.";
enum { ANSWER = 16 };

/* Rounding of f32 sums through tower, perceiver and decoder; measured at 1e-13. */
static const double limit = 1e-10;

static void exact(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "kv_f32", NULL, NULL);
    const char *folder = family_folder("picturebook");
    ask(&a, picture, question, "*", folder, ids, ANSWER, &n);
    expect_alike(a.v, golden, folder, limit, 4);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

/* Every tensor in a buffer of its own, where the validation layer sees each overrun. */
static void separate(const char *device) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    ask_open(&a, device, "separate", NULL, NULL);
    ask(&a, picture, question, NULL, NULL, ids, ANSWER, &n);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void test_exact(void **state) {
    (void)state;
    on_devices(exact);
}
static void test_separate(void **state) {
    (void)state;
    on_devices(separate);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact),
                                       cmocka_unit_test(test_separate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files of JSON as they lie about: what is read all the same, and the words for what is not. */
#include "io/json_file.h"

#include <string.h>

#include "io_help.h"

static const struct json_limit limit = {1 << 20, 64 << 20};

#define FILE_OF(text) \
    { text, sizeof text - 1 }
struct bytes {
    const char *at;
    size_t n;
};

static void read_all_the_same(void **state) {
    (void)state;
    static const struct bytes files[] = {
        FILE_OF("{\"n\": 7}"),
        FILE_OF("\xEF\xBB\xBF{\"n\": 7}"),
        FILE_OF("{\r\n  \"n\": 7\r\n}\r\n"),
        FILE_OF("{\r\"n\": 7\r}\r"),
        FILE_OF("\xEF\xBB\xBF{\r\n\"n\": 7}\r\n\0\0\0\0"),
        FILE_OF("{\"n\": 7}\n\n \t\n"),
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct vd_ctx ctx = {0};
        json_t *object;
        const char *path = scratch_file("json", files[i].at, files[i].n);
        if (json_file_read(&ctx, path, limit, &object) != VIDI_OK) fail_msg("%s", ctx.error);
        assert_int_equal(json_integer_value(json_object_get(object, "n")), 7);
        json_decref(object);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

static void large_numbers_are_reals(void **state) {
    (void)state;
    struct vd_ctx ctx = {0};
    json_t *object;
    static const char text[] = "{\"most\": 1000000000000000019884624838656, \"n\": 7}";
    const char *path = scratch_file("json", text, sizeof text - 1);
    if (json_file_read(&ctx, path, limit, &object) != VIDI_OK) fail_msg("%s", ctx.error);
    assert_true(json_number_value(json_object_get(object, "most")) == 1e30);
    assert_true(json_number_value(json_object_get(object, "n")) == 7);
    json_decref(object);
}

static void refused_in_words(void **state) {
    (void)state;
    static const struct {
        struct bytes file;
        const char *words;
    } cases[] = {
        {FILE_OF(""), " in line 1"},
        {FILE_OF("\xEF\xBB\xBF"), " in line 1"},
        {FILE_OF("\0\0\0\0"), " in line 1"},
        {FILE_OF("[7]"), ": is no JSON object"},
        {FILE_OF("{\"n\": 7} {"), " in line 1"},
        {FILE_OF("{\"n\": 7,\n\"n\": 8}"), "duplicate object key"},
        {FILE_OF("{\n\"n\": NaN}"), ": line 2 has NaN or Infinity, which are no numbers in JSON"},
        {FILE_OF("{\"n\": Infinity}"), ": line 1 has NaN or Infinity"},
        {FILE_OF("{\"n\": -Infinity}"), ": line 1 has NaN or Infinity"},
        {FILE_OF("\xFF\xFE{\0\"\0n\0\"\0:\0"
                 "7\0}\0"),
         ": is text in UTF-16; save it as UTF-8"},
        {FILE_OF("\xFE\xFF\0{\0}"), ": is text in UTF-16; save it as UTF-8"},
        {FILE_OF("{\"n\": \"\xE9\"}"), " in line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_ctx ctx = {0};
        json_t *object;
        const char *path = scratch_file("json", cases[i].file.at, cases[i].file.n);
        assert_int_equal(json_file_read(&ctx, path, limit, &object), VIDI_E_FORMAT);
        assert_null(object);
        assert_words(&ctx, cases[i].words);
        assert_words(&ctx, path);
        assert_int_equal(ctx.heap.live_bytes, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_all_the_same),
        cmocka_unit_test(large_numbers_are_reals),
        cmocka_unit_test(refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

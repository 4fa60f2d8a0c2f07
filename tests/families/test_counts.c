/* What a conversation costs the device: counted, not timed. */
#include "family.h"

#include <jansson.h>
#include <string.h>

static const char picture[] = "tests/families/picturebook/picture.png";
static const char question[] = "Describe the picture.";

/* A token is one submission; it records, describes and allocates nothing. */
static void per_token(const char *device) {
    struct asked a;
    vidi_stats before, after;
    vidi_piece piece;
    ask_open(&a, device, "", "tests/families/llama/tiny.gguf", &(vidi_chat_config){.raw = 1});
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, "abc"), VIDI_OK);
    for (int i = 0; i < 4; i++) assert_int_equal(vidi_next(a.c, &piece), VIDI_OK);
    vidi_chat_stats(a.c, &before);
    for (int i = 0; i < 20; i++) assert_int_equal(vidi_next(a.c, &piece), VIDI_OK);
    vidi_chat_stats(a.c, &after);
    assert_int_equal(after.submissions - before.submissions, 20);
    assert_int_equal(after.recordings - before.recordings, 0);
    assert_int_equal(after.allocations - before.allocations, 0);
    ask_close(&a);
}

struct most {
    double eyes, decoder; /* dispatches and barriers a layer, each */
};

/* What `vidi bench` counts of a model. */
static void hold(const char *device, const char *model, double eyes_layers, struct most most) {
    struct asked a;
    char *text;
    double number[2];
    static const char *const keys[] = {"dispatches_per_layer", "barriers_per_layer"};
    ask_open(&a, device, "", model, NULL);
    assert_int_equal(vidi_bench(a.m, &(vidi_bench_config){8, 4, 1}, &text), VIDI_OK);
    json_t *doc = json_loads(text, 0, NULL);
    const json_t *eyes = json_object_get(doc, "per_picture"),
                 *decoder = json_object_get(doc, "per_token");
    assert_true(json_number_value(json_object_get(eyes, "layers")) == eyes_layers);
    for (int i = 0; i < 2; i++) {
        number[0] = json_number_value(json_object_get(eyes, keys[i]));
        number[1] = json_number_value(json_object_get(decoder, keys[i]));
        if (number[0] > most.eyes || number[1] > most.decoder || number[1] < 5)
            fail_msg("%s: %s: %g of the eyes, %g of the decoder", model, keys[i], number[0],
                     number[1]);
        if (eyes_layers) assert_true(number[0] >= 6);
    }
    json_decref(doc);
    vidi_text_free(a.v, text);
    ask_close(&a);
}

/* Seven a layer of a ViT and six of a Llama; rotations in the eyes, scales behind their matrices,
 * norms of q and k, and norms with a bias cost more. */
static void layers_of_families(const char *device) {
    hold(device, "tests/families/folders/smolvlm", 2, (struct most){7, 6});
    hold(device, "tests/families/folders/mllama", 3, (struct most){7, 9});
    hold(device, "tests/families/folders/qwen2vl", 3, (struct most){8, 6});
    hold(device, "tests/families/folders/qwen25vl", 4, (struct most){9, 6});
    hold(device, "tests/families/folders/internvl", 4, (struct most){11, 6});
}

static double number(const json_t *doc, const char *name) {
    const json_t *value = json_object_get(doc, name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* Six dispatches and six barriers a decoder layer, embedding, logits and sampling besides; seven
 * of each a layer of the eyes. */
static void per_layer(const char *device) {
    struct asked a;
    char *text;
    ask_open(&a, device, "", NULL, NULL);
    assert_int_equal(vidi_bench(a.m, &(vidi_bench_config){8, 4, 1}, &text), VIDI_OK);
    json_t *doc = json_loads(text, 0, NULL);
    assert_non_null(doc);
    const double layers = number(doc, "layers");
    const json_t *eyes = json_object_get(doc, "per_picture");
    assert_true(number(eyes, "layers") >= 3);
    assert_true(number(eyes, "dispatches_per_layer") <= 7);
    assert_true(number(eyes, "barriers_per_layer") <= 7);
    assert_true(number(eyes, "dispatches") > 7 * number(eyes, "layers"));
    const json_t *decoder = json_object_get(doc, "per_token");
    assert_true(number(decoder, "layers") == layers);
    assert_true(number(decoder, "dispatches_per_layer") == 6);
    assert_true(number(decoder, "barriers_per_layer") <= 6);
    assert_true(number(decoder, "dispatches") == number(doc, "dispatches_per_token"));
    assert_true(number(doc, "dispatches_per_token") <= 6 * layers + 5);
    assert_true(number(doc, "barriers_per_token") <= 6 * layers + 5);
    assert_true(number(doc, "submissions_per_token") <= 1);
    assert_true(number(doc, "recordings_per_token") == 0);
    assert_true(number(doc, "allocations_per_token") == 0);
    assert_true(number(doc, "host_peak_bytes") < 300.0 * 1024 * 1024);
    json_decref(doc);
    vidi_text_free(a.v, text);
    ask_close(&a);
}

static int answer_of(struct asked *a, char *out) {
    vidi_piece piece;
    out[0] = 0;
    int n = 0;
    for (vidi_status s; (s = vidi_next(a->c, &piece)) != VIDI_END; n++) {
        if (s != VIDI_OK) fail_msg("%s", vidi_error(a->v));
        strcat(out, piece.text);
        assert_true(n < 200);
    }
    return n;
}

static void say_picture(struct asked *a) {
    vidi_image image;
    assert_int_equal(vidi_image_read(a->v, picture, &image), VIDI_OK);
    assert_int_equal(vidi_say_image(a->c, &image), VIDI_OK);
    vidi_image_free(a->v, &image);
}

/* Back to a mark, the same picture and question get the same answer; a follow-up question costs
 * its own tokens only. */
static void marks(const char *device) {
    struct asked a;
    char first[2048], again[2048], next[2048];
    vidi_stats stats;
    int mark;
    ask_open(&a, device, "", NULL, &(vidi_chat_config){.max_tokens = 24});
    assert_int_equal(vidi_chat_mark(a.c, &mark), VIDI_OK);
    say_picture(&a);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, question), VIDI_OK);
    answer_of(&a, first);
    vidi_chat_stats(a.c, &stats);
    assert_true(stats.image_tokens > 0 && stats.tiles == 1 &&
                stats.prompt_tokens > stats.image_tokens);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, "How many things are there?"), VIDI_OK);
    answer_of(&a, next);
    vidi_chat_stats(a.c, &stats);
    assert_int_equal(stats.image_tokens, 0);
    assert_true(stats.prompt_tokens > 0 && stats.prompt_tokens < 24);
    assert_int_equal(vidi_chat_rewind(a.c, mark), VIDI_OK);
    say_picture(&a);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, question), VIDI_OK);
    answer_of(&a, again);
    assert_string_equal(first, again);
    for (int i = 1; i < 200; i++) {
        int next_mark;
        assert_int_equal(vidi_chat_mark(a.c, &next_mark), VIDI_OK);
        assert_int_equal(next_mark, i);
    }
    assert_int_equal(vidi_chat_rewind(a.c, 200), VIDI_E_ARGUMENT);
    ask_close(&a);
}

/* Cancelling is heard before the next piece, and the chat goes on. */
static void cancelling(const char *device) {
    struct asked a;
    vidi_piece piece;
    char text[2048];
    ask_open(&a, device, "", NULL, &(vidi_chat_config){.max_tokens = 24});
    say_picture(&a);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, question), VIDI_OK);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_OK);
    vidi_cancel(a.c);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_E_CANCELLED);
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, question), VIDI_OK);
    vidi_cancel(a.c);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_E_CANCELLED);
    assert_true(answer_of(&a, text) > 0);
    ask_close(&a);
}

/* Too long for the context: one sentence with both numbers, and the chat is as before. */
static void too_long(const char *device) {
    struct asked a;
    vidi_piece piece;
    char text[2048];
    static char words[4096];
    memset(words, 'x', sizeof words - 1);
    ask_open(&a, device, "", NULL, &(vidi_chat_config){.max_tokens = 8});
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, words), VIDI_OK);
    assert_int_equal(vidi_next(a.c, &piece), VIDI_E_CONTEXT);
    assert_non_null(strstr(vidi_error(a.v), "512"));
    assert_int_equal(vidi_say_text(a.c, VIDI_USER, "Hello."), VIDI_OK);
    assert_true(answer_of(&a, text) > 0);
    ask_close(&a);
}

static void test_per_token(void **state) {
    (void)state;
    on_devices(per_token);
}
static void test_per_layer(void **state) {
    (void)state;
    on_devices(per_layer);
}
static void test_layers_of_families(void **state) {
    (void)state;
    on_devices(layers_of_families);
}
static void test_marks(void **state) {
    (void)state;
    on_devices(marks);
}
static void test_cancelling(void **state) {
    (void)state;
    on_devices(cancelling);
}
static void test_too_long(void **state) {
    (void)state;
    on_devices(too_long);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_per_token),          cmocka_unit_test(test_per_layer),
        cmocka_unit_test(test_layers_of_families), cmocka_unit_test(test_marks),
        cmocka_unit_test(test_cancelling),         cmocka_unit_test(test_too_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

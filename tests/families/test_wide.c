/* Models of the published widths with one layer of each kind against transformers in f32. Their
 * weights are not kept but counted, by folders/make_counted.py as by this file: each number is told
 * from its tensor's name and its place. */
#define _POSIX_C_SOURCE 200809L
#include "family.h"

#include <dirent.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/npy.h"

#define WIDE "tests/families/folders/wide/"
enum { WORDS = 4, PIECE = 1 << 16 };

/* Sums of up to 16384 products in f32; measured below 1e-10. */
static const double limit = 1e-8;

/* --- weights -----------------------------------------------------------------------------------
 */

static uint32_t hash_of(const char *name) {
    uint32_t h = 2166136261u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

static int byte_at(uint32_t seed, uint32_t place) {
    uint32_t x = place * 0x9E3779B1u + seed;
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    return (int)(x >> 24) - 128;
}

static bool ends(const char *name, const char *with) {
    const size_t n = strlen(name), m = strlen(with);
    return n >= m && strcmp(name + n - m, with) == 0;
}

static bool holds_any(const char *name, const char *const words[4]) {
    for (int i = 0; i < 4; i++)
        if (strstr(name, words[i])) return true;
    return false;
}

/* What a byte of this tensor stands for is (byte + add) * times + plus, in steps of `whole`. */
struct rule {
    float times, plus, add;
    bool whole; /* of sixteen steps alone */
};

static struct rule rule_of(const char *name, uint64_t count, uint64_t rows, bool wide) {
    static const char *const halves[] = {"embedding", "embed_positions", "latents", "query_tokens"};
    if (count == 1) return (struct rule){.plus = 0.5f};
    if (!wide && strstr(name, "norm") && ends(name, "weight"))
        return (struct rule){.times = 1.0f / 64, .plus = 1, .whole = true};
    struct rule r = {.times = 1.0f / 128, .add = 0.5f};
    if (ends(name, "bias")) {
        r.times /= 8;
    } else if (strstr(name, "embed_tokens")) {
        r.times /= 16;
    } else if (!wide || holds_any(name, halves)) {
        r.times /= 2;
    } else {
        r.times *= 2;
        for (uint64_t n = 4; n <= count / rows; n *= 4) r.times /= 2;
    }
    return r;
}

static void write_tensor(FILE *out, const char *name, const json_t *shape) {
    uint64_t count = 1;
    for (size_t i = 0; i < json_array_size(shape); i++)
        count *= (uint64_t)json_integer_value(json_array_get(shape, i));
    const uint64_t rows = (uint64_t)json_integer_value(json_array_get(shape, 0));
    const struct rule r = rule_of(name, count, rows, json_array_size(shape) > 1);
    const uint32_t seed = hash_of(name);
    uint16_t of_byte[256], *piece = malloc(PIECE * sizeof *piece);
    assert_non_null(piece);
    for (int b = -128; b < 128; b++) {
        const float value = (float)(r.whole ? b >> 4 : b) * r.times + r.add * r.times + r.plus;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        assert_int_equal(bits & 0xFFFF, 0); /* exact in bf16 */
        of_byte[b + 128] = (uint16_t)(bits >> 16);
    }
    for (uint64_t at = 0; at < count; at += PIECE) {
        const uint64_t n = count - at < PIECE ? count - at : PIECE;
        for (uint64_t i = 0; i < n; i++)
            piece[i] = of_byte[byte_at(seed, (uint32_t)(at + i)) + 128];
        assert_int_equal(fwrite(piece, sizeof *piece, n, out), n);
    }
    free(piece);
}

/* The tensors stand in the file in the order of their offsets. */
static void write_weights(const char *header, const char *path) {
    json_error_t error;
    json_t *all = json_load_file(header, 0, &error), *t;
    assert_non_null(all);
    char *text = json_dumps(all, JSON_COMPACT);
    FILE *out = fopen(path, "wb");
    assert_true(text && out);
    const uint64_t len = strlen(text);
    assert_int_equal(fwrite(&len, sizeof len, 1, out), 1);
    assert_int_equal(fwrite(text, 1, len, out), len);
    const char *name;
    json_int_t end = 0;
    for (size_t done = 0; done < json_object_size(all); done++) json_object_foreach(all, name, t) {
            const json_t *offsets = json_object_get(t, "data_offsets");
            if (json_integer_value(json_array_get(offsets, 0)) != end) continue;
            write_tensor(out, name, json_object_get(t, "shape"));
            end = json_integer_value(json_array_get(offsets, 1));
            break;
        }
    assert_int_equal(fclose(out), 0);
    free(text);
    json_decref(all);
}

/* --- the folder --------------------------------------------------------------------------------
 */

static const char *counted(const char *name) {
    static const char *const files[] = {"config.json", "generation_config.json", "tokenizer.json",
                                        "tokenizer_config.json", "preprocessor_config.json"};
    static char folder[512];
    char root[512], from[1200], to[1200];
    snprintf(folder, sizeof folder, "%s", family_folder("wide"));
    assert_non_null(getcwd(root, sizeof root));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(from, sizeof from, "%s/" WIDE "%s/%s", root, name, files[i]);
        snprintf(to, sizeof to, "%s/%s", folder, files[i]);
        unlink(to);
        assert_int_equal(symlink(from, to), 0);
    }
    snprintf(from, sizeof from, WIDE "%s/header.json", name);
    snprintf(to, sizeof to, "%s/model.safetensors", folder);
    write_weights(from, to);
    return folder;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void read_npy(struct arena *a, const char *folder, const char *name, struct npy *out) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    if (npy_read(a, path, out) != VIDI_OK) fail_msg("%s", a->ctx->error);
    assert_non_null(out->f);
}

/* The golden's rows are the last ones of what was dumped. */
static void expect_last_rows(const char *golden, const char *dump, const char *name) {
    struct vd_ctx ctx = {0};
    struct arena a;
    struct npy want, have;
    double apart = 0, size = 0;
    arena_open(&a, &ctx);
    read_npy(&a, golden, name, &want);
    read_npy(&a, dump, name, &have);
    assert_true(have.count >= want.count && want.count > 0);
    const float *last = have.f + (have.count - want.count);
    for (uint64_t i = 0; i < want.count; i++) {
        const double d = (double)last[i] - want.f[i];
        apart += d * d;
        size += (double)want.f[i] * want.f[i];
    }
    print_message("%s %s: NMSE %g\n", golden, name, apart / size);
    assert_true(apart / size <= limit);
    arena_close(&a);
}

static const char *model; /* the one that is tested */

/* Every golden of rows; at least two: what comes out of the eyes, and the logits. */
static void expect_rows(const char *golden, const char *dump) {
    DIR *d = opendir(golden);
    int n = 0;
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));) {
        char name[128];
        const size_t len = strlen(e->d_name);
        if (len < 5 || len >= sizeof name || strcmp(e->d_name, "answer.npy") == 0) continue;
        snprintf(name, sizeof name, "%.*s", (int)len - 4, e->d_name);
        expect_last_rows(golden, dump, name);
        n++;
    }
    closedir(d);
    assert_true(n >= 2);
}

static void wide(const char *device) {
    struct asked a;
    int32_t ids[WORDS];
    int n;
    char golden[256], picture[256], weights[600];
    const char *folder = counted(model);
    snprintf(golden, sizeof golden, WIDE "%s/one", model);
    snprintf(picture, sizeof picture, WIDE "%s/wide.png", model);
    snprintf(weights, sizeof weights, "%s/model.safetensors", folder);
    ask_open(&a, device, "kv_f32", folder,
             &(vidi_chat_config){.max_tokens = WORDS, .context = 128});
    assert_int_equal(unlink(weights), 0); /* they are on the device */
    const char *dump = family_folder("wide_dump");
    ask(&a, picture, "What is it?", "*", dump, ids, WORDS, &n);
    expect_rows(golden, dump);
    assert_int_equal(n, WORDS);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

static void one_model(const char *name) {
    model = name;
    on_devices(wide);
}

static void test_blip2(void **state) {
    (void)state;
    one_model("blip2");
}

static void test_idefics2(void **state) {
    (void)state;
    one_model("idefics2");
}

static void test_mllama(void **state) {
    (void)state;
    one_model("mllama");
}

static void test_named(void **state) { one_model(*state); }

/* With a name as argument: that model, which was made beside the others. */
int main(int argc, char **argv) {
    const struct CMUnitTest named[] = {
        {.name = "named", .test_func = test_named, .initial_state = argc > 1 ? argv[1] : NULL}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blip2),
        cmocka_unit_test(test_idefics2),
        cmocka_unit_test(test_mllama),
    };
    if (argc > 1) return cmocka_run_group_tests(named, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

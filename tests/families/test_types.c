/* The tiny models with their matrices in the other of f32 and f16: the goldens hold for both. */
#include "family.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "io/gguf.h"
#include "remake.h"

enum { ANSWER = 32 };

/* Weights of these are exact in f16, so that f32 changes nothing but what kernels read. */
static const double wide_limit = 1e-9;
/* Weights rounded to 11 bits; measured below 1e-6. */
static const double narrow_limit = 1e-3;

#define MMPROJ   "tests/families/mmproj/"
#define DECODERS "tests/families/decoders/"

static const char *remade_of(const char *folder, const char *name, enum vd_type type,
                             const char *only, const char *doubled) {
    static char paths[2][600];
    static int next;
    char *to = paths[next++ % 2], from[256];
    snprintf(from, sizeof from, "%s/%s", folder, name);
    snprintf(to, sizeof paths[0], "%s/%s", family_folder("remade"), name);
    remake(from, to, type, only, doubled);
    return to;
}

static const char *remade(const char *folder, const char *name, enum vd_type type,
                          const char *doubled) {
    return remade_of(folder, name, type, NULL, doubled);
}

static void seeing(const char *device, const char *name) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char folder[128], golden[160], picture[160];
    snprintf(folder, sizeof folder, MMPROJ "%s", name);
    snprintf(golden, sizeof golden, "%s/one", folder);
    snprintf(picture, sizeof picture, "%s/wide.png", folder);
    print_message("%s\n", golden);
    const vidi_model_config model = {.path = remade(folder, "tiny.gguf", VD_F32, NULL),
                                     .mmproj = remade(folder, "mmproj-tiny.gguf", VD_F32, NULL)};
    ask_open_with(&a, device, "kv_f32", &model, &(vidi_chat_config){.max_tokens = ANSWER});
    const char *dump = family_folder("types");
    ask(&a, picture, "What?", "*", dump, ids, ANSWER, &n);
    expect_alike(a.v, golden, dump, wide_limit, 4);
    assert_int_equal(n, ANSWER);
    expect_answer(golden, ids, n);
    ask_close(&a);
}

struct decoder {
    const char *name;
    enum vd_type type;
    int activations;
    const char *only, *debug; /* NULL: all matrices; nothing more */
};

static void reading(const char *device, const struct decoder *d) {
    struct asked a;
    int32_t ids[ANSWER];
    int n;
    char golden[128];
    snprintf(golden, sizeof golden, DECODERS "%s", d->name);
    print_message("%s\n", golden);
    ask_open(&a, device, d->debug ? d->debug : "kv_f32",
             remade_of(golden, "tiny.gguf", d->type, d->only, NULL),
             &(vidi_chat_config){.raw = 1, .max_tokens = ANSWER, .context = 64});
    const char *dump = family_folder("types");
    ask(&a, NULL, "The quick brown fox", "*", dump, ids, ANSWER, &n);
    const bool exact = d->type == VD_F32;
    expect_alike(a.v, golden, dump, exact ? wide_limit : narrow_limit, d->activations);
    assert_int_equal(n, ANSWER);
    if (exact) expect_answer(golden, ids, n);
    ask_close(&a);
}

static void all_seeing(const char *device) {
    static const char *const names[] = {"llava_siglip", "smolvlm",  "llava",     "llava_next",
                                        "qwen2vl",      "qwen25vl", "qwen3vl",   "internvl",
                                        "gemma3",       "minicpmv", "paligemma", "moondream"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) seeing(device, names[i]);
}

static void all_reading(const char *device) {
    static const struct decoder decoders[] = {
        {.name = "qwen2", .type = VD_F16, .activations = 3},
        {.name = "qwen3", .type = VD_F16, .activations = 3},
        {.name = "mistral", .type = VD_F16, .activations = 3},
        {.name = "gemma", .type = VD_F32, .activations = 3},
        {.name = "gemma2", .type = VD_F32, .activations = 3},
        {.name = "gemma3", .type = VD_F32, .activations = 7},
        {.name = "phi2", .type = VD_F32, .activations = 3},
        {.name = "phi3", .type = VD_F32, .activations = 2},
        {.name = "phi3_long", .type = VD_F32, .activations = 2},
        {.name = "llama3", .type = VD_F32, .activations = 2},
        {.name = "yarn", .type = VD_F32, .activations = 2},
        /* Gates and what they gate: of two types, too large to be one. */
        {.name = "gemma2", .type = VD_F32, .activations = 3, .only = "ffn_up"},
        {.name = "llama3", .type = VD_F32, .activations = 2, .only = "ffn_gate"},
        {.name = "gemma3", .type = VD_F32, .activations = 7, .debug = "kv_f32,apart"},
        {.name = "phi3", .type = VD_F32, .activations = 2, .debug = "kv_f32,apart"},
    };
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) reading(device, &decoders[i]);
}

static void test_eyes(void **state) {
    (void)state;
    on_devices(all_seeing);
}

static void test_decoders(void **state) {
    (void)state;
    on_devices(all_reading);
}

/* A projector that reads crops, too, see docs/decisions/0005. */
static void test_no_crops(void **state) {
    (void)state;
    vidi *v;
    vidi_model *m;
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    const vidi_model_config wide = {
        .path = MMPROJ "moondream/tiny.gguf",
        .mmproj = remade(MMPROJ "moondream", "mmproj-tiny.gguf", VD_F16, "mm.0.weight")};
    assert_int_equal(vidi_model_open_with(v, &wide, &m), VIDI_E_FORMAT);
    if (!strstr(vidi_error(v), "mm.0.weight is 128 wide instead of 64"))
        fail_msg("%s", vidi_error(v));
    vidi_close(v);
}

/* The bytes of a file with one text for another of its length, everywhere. */
static void replace(const char *path, const char *old, const char *new) {
    static char bytes[1 << 20];
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    const size_t n = fread(bytes, 1, sizeof bytes, f), len = strlen(old);
    assert_true(n < sizeof bytes && len == strlen(new));
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(bytes + i, old, len) == 0) memcpy(bytes + i, new, len);
    rewind(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* Missing, misshapen and extra ones of both files in one message, with their number. */
static void test_all_at_once(void **state) {
    (void)state;
    vidi *v;
    vidi_model *m;
    static const char *const words[] = {": 4 tensors are not as the model needs: ",
                                        "v.blk.0.ln2.weight is missing",
                                        "v.blk.0.ln2.bias is missing",
                                        "mm.0.weight is 128 wide instead of 64",
                                        "blk.1.attn_norm.weight is missing",
                                        "; not used: ",
                                        "v.blk.0.xx2.weight",
                                        "blk.1.atxx_norm.weight"};
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    const vidi_model_config bad = {
        .path = remade(MMPROJ "llava", "tiny.gguf", VD_F16, NULL),
        .mmproj = remade(MMPROJ "llava", "mmproj-tiny.gguf", VD_F16, "mm.0.weight")};
    replace(bad.mmproj, "v.blk.0.ln2", "v.blk.0.xx2");
    replace(bad.path, "blk.1.attn_norm", "blk.1.atxx_norm");
    assert_int_equal(vidi_model_open_with(v, &bad, &m), VIDI_E_FORMAT);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(vidi_error(v), words[i])) fail_msg("'%s' lacks '%s'", vidi_error(v), words[i]);
    vidi_close(v);
}

struct file {
    const char *folder, *name;
    bool eyes;
};

/* The matrix twice as wide: its name is said, and that it alone is wrong. */
static void one_wide(vidi *v, const struct file *f, const char *name) {
    vidi_model *m;
    char text[256], other[256];
    snprintf(text, sizeof text, "%s/tiny.gguf", f->folder);
    snprintf(other, sizeof other, "%s/mmproj-tiny.gguf", f->folder);
    const char *wide = remade(f->folder, f->name, VD_F16, name);
    const vidi_model_config cfg = {.path = f->eyes ? text : wide, .mmproj = f->eyes ? wide : other};
    assert_int_equal(vidi_model_open_with(v, &cfg, &m), VIDI_E_FORMAT);
    if (!strstr(vidi_error(v), name) || !strstr(vidi_error(v), ": 1 tensor is not"))
        fail_msg("%s: %s", name, vidi_error(v));
}

static void all_wide(vidi *v, const struct file *f) {
    struct vd_ctx ctx = {0};
    struct gguf g;
    char path[256], name[64];
    snprintf(path, sizeof path, "%s/%s", f->folder, f->name);
    assert_int_equal(gguf_open(&ctx, path, &g), VIDI_OK);
    for (uint32_t i = 0; i < g.n_tensors; i++) {
        const struct str said = g.tensors[i].name;
        snprintf(name, sizeof name, "%.*s", (int)said.len, said.ptr);
        /* LLaVA's eyes do not run their last layer. */
        const bool idle = strstr(f->folder, "llava") && strncmp(name, "v.blk.2.", 8) == 0;
        if (g.tensors[i].n_dims > 1 && !idle) one_wide(v, f, name);
    }
    gguf_close(&g);
}

/* Every matrix of both files, one at a time. */
static void test_each_named(void **state) {
    (void)state;
    static const char *const folders[] = {MMPROJ "llava", MMPROJ "qwen3vl", MMPROJ "paligemma"};
    vidi *v;
    assert_int_equal(vidi_open(NULL, &v), VIDI_OK);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        all_wide(v, &(struct file){folders[i], "tiny.gguf", false});
        all_wide(v, &(struct file){folders[i], "mmproj-tiny.gguf", true});
    }
    vidi_close(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_eyes), cmocka_unit_test(test_decoders),
                                       cmocka_unit_test(test_no_crops),
                                       cmocka_unit_test(test_all_at_once),
                                       cmocka_unit_test(test_each_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#define _POSIX_C_SOURCE 200809L
#include "family.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/npy.h"

static int n_usable, n_devices;
static char usable[16][8];

static void note_device(void *user, const vidi_device *d) {
    (void)user;
    if (d->usable && n_usable < 16) snprintf(usable[n_usable++], sizeof usable[0], "%d", n_devices);
    n_devices++;
}

void on_devices(void (*each)(const char *device)) {
    char error[512];
    n_usable = n_devices = 0;
    if (vidi_devices(NULL, note_device, NULL, error, sizeof error) != VIDI_OK)
        fail_msg("%s", error);
    assert_true(n_usable > 0);
    for (int i = 0; i < n_usable; i++) each(usable[i]);
}

/* Errors of the validation layer come as errors of the log. */
static void listen(void *user, int level, const char *line) {
    (void)user;
    if (level == 0) fail_msg("logged: %s", line);
}

void ask_open(struct asked *a, const char *device, const char *debug, const char *model,
              const vidi_chat_config *cfg) {
    ask_open_with(a, device, debug, &(vidi_model_config){.path = model}, cfg);
}

void ask_open_with(struct asked *a, const char *device, const char *debug,
                   const vidi_model_config *model, const vidi_chat_config *cfg) {
    char words[128];
    *a = (struct asked){0};
    const char *validate = getenv("VIDI_TEST_VALIDATE") ? "validate" : "";
    snprintf(words, sizeof words, "%s%s%s", debug, *debug && *validate ? "," : "", validate);
    const vidi_config config = {.device = device, .debug = words, .log = listen};
    if (vidi_open(&config, &a->v) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    if (vidi_model_open_with(a->v, model, &a->m) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    if (vidi_chat_open(a->m, cfg, &a->c) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
}

void ask_close(struct asked *a) { vidi_close(a->v); }

void ask(struct asked *a, const char *picture, const char *text, const char *glob,
         const char *folder, int32_t *ids, int n, int *taken) {
    if (glob && vidi_chat_dump(a->c, glob, folder) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    if (picture) {
        vidi_image image;
        if (vidi_image_read(a->v, picture, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
        assert_int_equal(vidi_say_image(a->c, &image), VIDI_OK);
        vidi_image_free(a->v, &image);
    }
    assert_int_equal(vidi_say_text(a->c, VIDI_USER, text), VIDI_OK);
    for (*taken = 0; *taken < n; ++*taken) {
        vidi_piece piece;
        const vidi_status status = vidi_next(a->c, &piece);
        if (status == VIDI_END) break;
        if (status != VIDI_OK) fail_msg("%s", vidi_error(a->v));
        ids[*taken] = piece.token;
    }
}

void show_picture(struct asked *a, const char *folder, const char *name) {
    vidi_image image;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (vidi_image_read(a->v, path, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    if (vidi_say_image(a->c, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    vidi_image_free(a->v, &image);
}

void show_pattern(struct asked *a, int width, int height) {
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3), *at = rgb;
    assert_non_null(rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            *at++ = (uint8_t)(x * 3 + y * 5);
            *at++ = (uint8_t)(x * y / 7);
            *at++ = (x / 9 + y / 5) % 2 ? 255 : 0;
        }
    const vidi_image image = {
        .data = rgb, .width = width, .height = height, .stride = width * 3, .pixels = VIDI_RGB8};
    if (vidi_say_image(a->c, &image) != VIDI_OK) fail_msg("%s", vidi_error(a->v));
    free(rgb);
}

static bool is_activation(const char *file, const char *folder) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    const size_t len = strlen(file);
    return len > 4 && !strcmp(file + len - 4, ".npy") && strcmp(file, "answer.npy") != 0 &&
           strcmp(file, "prompt.npy") != 0;
}

void expect_alike(vidi *v, const char *golden, const char *folder, double limit, int expected) {
    char *text;
    if (vidi_compare(v, golden, folder, limit, &text) != VIDI_OK) fail_msg("%s", vidi_error(v));
    json_t *doc = json_loads(text, 0, NULL);
    vidi_text_free(v, text);
    const json_t *first = json_object_get(doc, "first_difference");
    if (json_is_string(first)) fail_msg("%s differs from %s", json_string_value(first), golden);
    assert_int_equal(json_array_size(json_object_get(doc, "tensors")), expected);
    json_decref(doc);
    DIR *d = opendir(golden);
    assert_non_null(d);
    int found = 0;
    for (const struct dirent *e; (e = readdir(d));) found += is_activation(e->d_name, golden);
    closedir(d);
    assert_int_equal(found, expected);
}

static void read_answer(struct arena *arena, const char *golden, struct npy *out) {
    char path[1024];
    snprintf(path, sizeof path, "%s/answer.npy", golden);
    if (npy_read(arena, path, out) != VIDI_OK) fail_msg("%s is no answer", path);
    assert_non_null(out->i);
}

int answer_length(const char *golden, int32_t end) {
    struct vd_ctx ctx = {0};
    struct arena arena;
    struct npy answer;
    int n = 0;
    arena_open(&arena, &ctx);
    read_answer(&arena, golden, &answer);
    while ((uint64_t)n < answer.count && answer.i[n] != end) n++;
    arena_close(&arena);
    return n;
}

void expect_answer(const char *golden, const int32_t *ids, int n) {
    struct vd_ctx ctx = {0};
    struct arena arena;
    struct npy answer;
    arena_open(&arena, &ctx);
    read_answer(&arena, golden, &answer);
    assert_true((uint64_t)n <= answer.count && n > 0);
    for (int i = 0; i < n; i++) assert_int_equal(ids[i], answer.i[i]);
    arena_close(&arena);
}

const char *family_folder(const char *name) {
    static char path[512];
    const char *tmp = getenv("VIDI_TEST_TMP");
    snprintf(path, sizeof path, "%s/%s.%d", tmp ? tmp : "/tmp", name, (int)getpid());
    mkdir(path, 0777);
    return path;
}

static void empty(const char *folder) {
    char path[1024];
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.') unlink(path);
    }
    closedir(d);
}

static void link_all_but(const char *from, const char *to, const char *file) {
    char root[512], path[1400], target[1400];
    assert_non_null(getcwd(root, sizeof root));
    DIR *d = opendir(from);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, file) == 0) continue;
        snprintf(path, sizeof path, "%s/%s", to, e->d_name);
        snprintf(target, sizeof target, "%s/%s/%s", root, from, e->d_name);
        assert_int_equal(symlink(target, path), 0);
    }
    closedir(d);
}

const char *family_twin(const char *name, const char *from, const char *but) {
    const char *folder = family_folder(name);
    empty(folder);
    link_all_but(from, folder, but);
    return folder;
}

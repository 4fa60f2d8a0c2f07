#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chat/internal.h"
#include "io/hf_folder.h"

enum { PATH_CAP = 4096, NAME_CAP = 256, ENDING = 5 /* .gguf */ };

struct search {
    char own[NAME_CAP], stem[NAME_CAP]; /* of the model's name, in small letters; the stem lacks its
                                         * type */
    char named[NAME_CAP];               /* the best vision part that has the stem in its name */
    char any[NAME_CAP];                 /* the best of all */
    uint32_t others;                    /* models beside it */
};

static void small_letters(const char *from, char out[NAME_CAP]) {
    snprintf(out, NAME_CAP, "%s", from);
    for (char *c = out; *c; c++) *c = (char)tolower((unsigned char)*c);
}

/* "smollm-q8_0.gguf" -> "smollm", "smollm-f16-00001-of-00002.gguf" likewise. */
static void cut_stem(const char *own, char out[NAME_CAP]) {
    static const char *const types[] = {"q", "iq", "f16", "f32", "bf16", "mxfp4", "fp16", "ud"};
    snprintf(out, NAME_CAP, "%s", own);
    char *end = out + strlen(out) - ENDING;
    *end = 0;
    if (end - out > 15 && strncmp(end - 9, "-of-", 4) == 0) end[-15] = 0;
    for (char *cut; (cut = strrchr(out, '-')) || (cut = strrchr(out, '.'));) {
        bool type = false;
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            const size_t n = strlen(types[i]);
            type = type || (strncmp(cut + 1, types[i], n) == 0 &&
                            (types[i][n - 1] != 'q' || isdigit((unsigned char)cut[1 + n])));
        }
        if (!type) return;
        *cut = 0;
    }
}

/* Vision parts of f16 first, then in the order of their names. */
static bool is_better(const char *name, const char *than) {
    char a[NAME_CAP], b[NAME_CAP];
    if (!than[0]) return true;
    small_letters(name, a);
    small_letters(than, b);
    const char *f16_a = strstr(a, "f16"), *f16_b = strstr(b, "f16");
    const bool half_a = f16_a && (f16_a == a || f16_a[-1] != 'b'),
               half_b = f16_b && (f16_b == b || f16_b[-1] != 'b');
    return half_a != half_b ? half_a : strcmp(name, than) < 0;
}

static void take(struct search *s, const char *name) {
    char low[NAME_CAP];
    const size_t len = strlen(name);
    if (len <= ENDING || len >= NAME_CAP || gguf_is_later_shard(name)) return;
    small_letters(name, low);
    if (strcmp(low + len - ENDING, ".gguf") != 0 || strcmp(low, s->own) == 0) return;
    if (!strstr(low, "mmproj")) {
        s->others++;
        return;
    }
    if (is_better(name, s->any)) snprintf(s->any, NAME_CAP, "%s", name);
    if (strstr(low, s->stem) && is_better(name, s->named)) snprintf(s->named, NAME_CAP, "%s", name);
}

/* Whether the eyes are for a decoder of this width; nothing is known of one of no family here. */
static bool fits(struct vd_ctx *ctx, const char *path, const char *eyes_path) {
    struct gguf text = {0}, eyes = {0};
    struct str arch = {"", 0};
    char key[128];
    uint32_t dim = 0;
    bool good = gguf_open(ctx, path, &text) == VIDI_OK &&
                gguf_open(ctx, eyes_path, &eyes) == VIDI_OK && is_vision_file(&eyes) &&
                !carries_eyes(&text) && !is_vision_file(&text) &&
                gguf_str(&text, "general.architecture", &arch) == VIDI_OK;
    const struct family *family = good ? family_find(arch) : NULL;
    if (family) {
        const struct vision *vision = vision_find(&eyes, family->arch);
        snprintf(key, sizeof key, "%s.embedding_length", family->arch);
        good = vision && gguf_u32(&text, key, &dim) == VIDI_OK &&
               vision_matches(ctx, &eyes, vision, &text, dim) == VIDI_OK &&
               vision_belongs(ctx, &eyes, vision, &text, family->arch) == VIDI_OK;
    }
    gguf_close(&text);
    gguf_close(&eyes);
    return good;
}

/* The name of the best vision part in the model's folder; "": there is none. */
static void look(struct vd_ctx *ctx, const char *folder, const char *name, struct search *s,
                 char found[NAME_CAP]) {
    small_letters(name, s->own);
    cut_stem(s->own, s->stem);
    const char *where = folder[0] ? folder : ".";
    DIR *d = opendir(where);
    if (d)
        for (const struct dirent *e; (errno = 0, e = readdir(d));) take(s, e->d_name);
    const int why = errno;
    if (d) closedir(d);
    if (!d && (why == ENOENT || why == ENOTDIR)) return; /* the model's own opening says it */
    if (!d || why != 0) {
        vd_log(ctx, VD_LOG_WARN, "%s: cannot be read, so no vision part is taken from it: %s",
               where, strerror(why));
        return;
    }
    snprintf(found, NAME_CAP, "%s", s->named[0] ? s->named : s->others ? "" : s->any);
}

vidi_status find_beside(struct vd_ctx *ctx, struct arena *a, vidi_model_config *cfg) {
    if (cfg->mmproj && cfg->mmproj[0]) return VIDI_OK;
    const bool look_for = !cfg->mmproj && cfg->path && !hf_folder_is(cfg->path);
    cfg->mmproj = NULL;
    if (!look_for) return VIDI_OK;
    struct search s = {0};
    char found[NAME_CAP] = "";
    const char *slash = strrchr(cfg->path, '/'), *name = slash ? slash + 1 : cfg->path;
    const size_t folder = (size_t)(name - cfg->path), len = strlen(name);
    if (len <= ENDING || len >= NAME_CAP || folder + NAME_CAP > PATH_CAP) return VIDI_OK;
    char *path = arena_new(a, char, PATH_CAP);
    if (!path) return VIDI_E_MEMORY;
    memcpy(path, cfg->path, folder);
    look(ctx, path, name, &s, found);
    if (!found[0]) return VIDI_OK;
    snprintf(path + folder, PATH_CAP - folder, "%s", found);
    const bool good = fits(ctx, cfg->path, path);
    vd_log(ctx, VD_LOG_INFO, "%s, found beside %s, is %s", path, cfg->path,
           good ? "taken as its vision part" : "not its vision part");
    if (good) cfg->mmproj = path;
    return VIDI_OK;
}

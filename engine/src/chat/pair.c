#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "chat/internal.h"
#include "io/hf_folder.h"

static const struct vision *const visions[] = {
#define VISION_ROW(name) &vision_##name,
    VISIONS(VISION_ROW)
#undef VISION_ROW
};
enum { N_VISIONS = sizeof visions / sizeof *visions, PATH_CAP = 4096 };

static bool is_word(struct str s, const char *word) {
    return strlen(word) == s.len && !memcmp(word, s.ptr, s.len);
}

bool is_vision_file(const struct gguf *g) {
    struct str arch;
    return gguf_find(g, "general.architecture") &&
           gguf_str(g, "general.architecture", &arch) == VIDI_OK && is_word(arch, "clip");
}

/* Files from before there were projector types say this alone. */
static const char oldest_llava[] = "clip.has_llava_projector";

struct str vision_projector(const struct gguf *g) {
    static const char *const keys[] = {"clip.projector_type", "clip.vision.projector_type"};
    struct str type = {"", 0};
    for (int i = 0; i < 2; i++)
        if (gguf_find(g, keys[i]) && gguf_str(g, keys[i], &type) == VIDI_OK) break;
    bool llava = false;
    if (!type.len && gguf_find(g, oldest_llava) && gguf_bool(g, oldest_llava, &llava) == VIDI_OK &&
        llava)
        return (struct str){"mlp", 3};
    return type;
}

bool carries_eyes(const struct gguf *g) { return !is_vision_file(g) && vision_projector(g).len; }

vidi_status own_words(struct gguf *eyes) {
    static const char start[] = EYES_WORDS "tokenizer.";
    const size_t len = sizeof start - 1, skip = sizeof EYES_WORDS - 1;
    struct map keys;
    TRY(map_open(&keys, &eyes->arena, 2 * eyes->n_values));
    for (int all = 0; all < 2; all++) /* the first of equal keys stays */
        for (uint32_t i = 0; i < eyes->n_values; i++) {
            const struct str key = eyes->values[i].key;
            const bool own = key.len > len && memcmp(key.ptr, start, len) == 0;
            if (all) TRY(map_put(&keys, key.ptr, (uint32_t)key.len, i, NULL));
            if (!all && own)
                TRY(map_put(&keys, key.ptr + skip, (uint32_t)(key.len - skip), i, NULL));
        }
    eyes->keys = keys;
    return VIDI_OK;
}

const struct vision *vision_find(const struct gguf *g, const char *arch) {
    const struct str type = vision_projector(g);
    const struct vision *any = NULL;
    for (int i = 0; i < N_VISIONS; i++) {
        if (!is_word(type, visions[i]->projector)) continue;
        if (!visions[i]->decoder) any = visions[i];
        if (visions[i]->decoder && arch && strcmp(visions[i]->decoder, arch) == 0)
            return visions[i];
    }
    return any;
}

vidi_status vision_require(struct vd_ctx *ctx, const struct gguf *g, const char *arch,
                           const struct vision **out) {
    if (!is_vision_file(g) && !carries_eyes(g))
        return vd_fail(ctx, VIDI_E_FORMAT,
                       "%s: no vision part: its general.architecture is not 'clip'", g->path);
    *out = vision_find(g, arch);
    if (*out) return VIDI_OK;
    const struct str type = vision_projector(g);
    char known[256] = "";
    for (int i = 0; i < N_VISIONS; i++) {
        if (visions[i]->decoder) continue;
        if (known[0]) strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, visions[i]->projector, sizeof known - strlen(known) - 1);
    }
    return vd_fail(ctx, VIDI_E_UNSUPPORTED,
                   "%s: clip.projector_type is '%.*s', which is not supported (known: %s); it was "
                   "given with a decoder whose general.architecture is '%s'",
                   g->path, (int)(type.len < 64 ? type.len : 64), type.ptr, known,
                   arch ? arch : "not known");
}

vidi_status vision_configure(struct vd_ctx *ctx, const struct gguf *g, const struct vision *vision,
                             void *cfg, struct shape *shape) {
    struct meta meta = {.file = g, .arch = "clip", .ctx = ctx};
    vision->config(cfg, &meta);
    TRY(meta.status);
    vision->shape(cfg, shape);
    return VIDI_OK;
}

vidi_status vision_matches(struct vd_ctx *ctx, const struct gguf *eyes, const struct vision *vision,
                           const struct gguf *text, uint32_t dim) {
    const struct gguf_tensor *last = gguf_tensor(eyes, vision->last);
    const uint64_t width = last ? last->dims[vision->last_turned ? 0 : 1] : 0;
    if (!last || width == dim) return VIDI_OK; /* a missing one is named with the others */
    return vd_fail(ctx, VIDI_E_FORMAT,
                   "%s gives rows of %llu numbers, %s takes %u: they do not belong together",
                   eyes->path, (unsigned long long)width, text->path, dim);
}

/* --- whether two files are of one model --------------------------------------------------------
 */

static bool has_word(const struct gguf *text, const char *word) {
    const struct gguf_value *words = gguf_find(text, "tokenizer.ggml.tokens");
    if (!words || words->kind != GGUF_ARRAY || words->item != GGUF_STRING) return false;
    for (uint64_t i = 0; i < words->n; i++)
        if (is_word(gguf_str_at(words, i), word)) return true;
    return false;
}

static bool is_listed(const char *list, const char *arch) {
    char word[64];
    return snprintf(word, sizeof word, " %s ", arch) < (int)sizeof word && strstr(list, word);
}

/* A mark of other eyes in the decoder's vocabulary; NULL: there is none. */
static const struct vision *marked_for(const struct gguf *text, const struct vision *vision) {
    for (int i = 0; i < N_VISIONS; i++) {
        const struct vision *other = visions[i];
        if (!other->own_mark || (vision->mark && strcmp(vision->mark, other->mark) == 0)) continue;
        if (has_word(text, other->mark)) return other;
    }
    return NULL;
}

/* What a file calls its model, or "". */
static struct str own_name(const struct gguf *g) {
    struct str name = {"", 0};
    if (gguf_find(g, "general.basename") && gguf_str(g, "general.basename", &name) == VIDI_OK)
        return name;
    return (struct str){"", 0};
}

/* Names are hints alone: converters and people write them as they like. */
static void compare_names(struct vd_ctx *ctx, const struct gguf *eyes, const struct gguf *text) {
    const struct str a = own_name(eyes), b = own_name(text);
    if (!a.len || !b.len || (a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0)) return;
    vd_log(ctx, VD_LOG_WARN,
           "%s calls its model '%.*s', %s '%.*s': if they are two models, answers are wrong",
           eyes->path, (int)(a.len < 64 ? a.len : 64), a.ptr, text->path,
           (int)(b.len < 64 ? b.len : 64), b.ptr);
}

vidi_status vision_belongs(struct vd_ctx *ctx, const struct gguf *eyes, const struct vision *vision,
                           const struct gguf *text, const char *arch) {
    if (strcmp(eyes->path, text->path) == 0) return VIDI_OK;
    const char *insist = "mmproj_any (--mmproj-any) takes them all the same";
    if (vision->decoders && !is_listed(vision->decoders, arch))
        return vd_fail(ctx, VIDI_E_ARGUMENT,
                       "%s (clip.projector_type '%s', for %.*s) is not the vision part of %s "
                       "(general.architecture '%s'); %s",
                       eyes->path, vision->projector, (int)strlen(vision->decoders) - 2,
                       vision->decoders + 1, text->path, arch, insist);
    if (vision->mark && !has_word(text, vision->mark))
        return vd_fail(ctx, VIDI_E_ARGUMENT,
                       "%s (clip.projector_type '%s') is not the vision part of %s, whose "
                       "vocabulary has no '%s'; %s",
                       eyes->path, vision->projector, text->path, vision->mark, insist);
    const struct vision *other = marked_for(text, vision);
    if (other)
        return vd_fail(ctx, VIDI_E_ARGUMENT,
                       "%s (clip.projector_type '%s') is not the vision part of %s, whose "
                       "vocabulary has '%s', as with '%s'; %s",
                       eyes->path, vision->projector, text->path, other->mark, other->projector,
                       insist);
    compare_names(ctx, eyes, text);
    return VIDI_OK;
}

/* --- a folder that holds both ----------------------------------------------------------------- */

static bool is_folder(const char *path) {
    struct stat s;
    return path && stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* Keeps the file in its slot: 0 the model, 1 its vision part; a second one is a failure. */
static vidi_status sort_file(struct vd_ctx *ctx, const char *folder, const char *path,
                             char *slots[2]) {
    struct gguf g;
    const vidi_status status = gguf_open(ctx, path, &g);
    const int slot = status == VIDI_OK && is_vision_file(&g);
    gguf_close(&g);
    TRY(status);
    if (slots[slot][0])
        return vd_fail(ctx, VIDI_E_ARGUMENT,
                       "%s: holds more than one %s (%s and %s): name the file", folder,
                       slot ? "vision part" : "model", slots[slot], path);
    snprintf(slots[slot], PATH_CAP, "%s", path);
    return VIDI_OK;
}

static vidi_status search(struct vd_ctx *ctx, const char *folder, DIR *d, char *slots[2]) {
    for (const struct dirent *e; (errno = 0, e = readdir(d));) {
        char path[PATH_CAP];
        const size_t len = strlen(e->d_name);
        if (len < 6 || strcmp(e->d_name + len - 5, ".gguf") != 0) continue;
        if (gguf_is_later_shard(e->d_name)) continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            return vd_fail(ctx, VIDI_E_ARGUMENT, "%s: the folder's name is too long", folder);
        TRY(sort_file(ctx, folder, path, slots));
    }
    if (errno != 0)
        return vd_fail(ctx, VIDI_E_IO, "%s: cannot be read: %s", folder, strerror(errno));
    return VIDI_OK;
}

/* A folder without GGUF files: itself, once as the model and once as its vision part. */
static vidi_status find_hub_parts(struct vd_ctx *ctx, const vidi_model_config *wanted,
                                  vidi_model_config *out) {
    bool sees;
    if (!hf_folder_is(wanted->path))
        return vd_fail(ctx, VIDI_E_IO, "%s: holds no model in GGUF form or as safetensors",
                       wanted->path);
    TRY(hf_folder_sees(ctx, wanted->path, &sees));
    if (!wanted->mmproj && sees) out->mmproj = wanted->path;
    return VIDI_OK;
}

vidi_status find_pair(struct vd_ctx *ctx, struct arena *a, const vidi_model_config *wanted,
                      vidi_model_config *out) {
    *out = *wanted;
    if (!is_folder(wanted->path)) return VIDI_OK;
    char *slots[2] = {arena_new(a, char, PATH_CAP), arena_new(a, char, PATH_CAP)};
    if (!slots[0] || !slots[1]) return VIDI_E_MEMORY;
    DIR *d = opendir(wanted->path);
    if (!d) return vd_fail(ctx, VIDI_E_IO, "%s: cannot be read: %s", wanted->path, strerror(errno));
    const vidi_status status = search(ctx, wanted->path, d, slots);
    closedir(d);
    TRY(status);
    if (!slots[0][0]) return find_hub_parts(ctx, wanted, out);
    out->path = slots[0];
    if (!wanted->mmproj && slots[1][0]) out->mmproj = slots[1];
    return VIDI_OK;
}

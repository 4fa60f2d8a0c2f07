/* unmet.c - what a model's files ask of the sampler and this one does not do. */
#include <stdio.h>
#include <string.h>

#include "chat/internal.h"

enum { LISTED_MOST = 512 };

/* Keys of GGUF files, and the value that asks for nothing. */
static const struct {
    const char *key;
    double none;
} keys[] = {{"general.sampling.penalty_repeat", 1},
            {"general.sampling.mirostat", 0},
            {"general.sampling.xtc_probability", 0}};

static double number_of(const struct gguf *g, const char *key, double missing) {
    const struct gguf_value *v = gguf_find(g, key);
    return v && v->kind != GGUF_STRING && v->kind != GGUF_ARRAY ? gguf_float_at(v, 0) : missing;
}

/* A file may hold anything there. */
static void copy_plain(char *to, size_t cap, struct str text) {
    size_t n = 0;
    for (; n < text.len && n + 1 < cap; n++)
        to[n] = text.ptr[n] >= 0x20 && text.ptr[n] < 0x7F ? text.ptr[n] : '?';
    to[n] = 0;
}

void model_tell_unmet(const vidi_model *m) {
    struct str listed = {0};
    char line[LISTED_MOST + 160] = "";
    if (gguf_find(&m->file, "general.sampling.unmet") &&
        gguf_str(&m->file, "general.sampling.unmet", &listed) == VIDI_OK)
        copy_plain(line, LISTED_MOST, listed);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const double value = number_of(&m->file, keys[i].key, keys[i].none);
        const bool over_none =
            i == 0 && number_of(&m->file, "general.sampling.penalty_last_n", 1) == 0;
        const size_t used = strlen(line);
        if (value == keys[i].none || over_none) continue;
        snprintf(line + used, sizeof line - used, "%s%s %g", used ? ", " : "", keys[i].key, value);
    }
    if (line[0])
        vd_log(&m->v->ctx, VD_LOG_WARN,
               "%s: asks for %s, which is not done here: other programs may answer otherwise",
               m->file.path, line);
}

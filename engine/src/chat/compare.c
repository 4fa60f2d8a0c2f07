#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chat/internal.h"
#include "chat/json.h"
#include "io/file.h"
#include "io/npy.h"
#include "vidi/inspect.h"

enum { PATH_CAP = 1024, NAME_CAP = 256, NAMES_MAX = 65536 };

struct names {
    struct arena *arena;
    char **items;
    uint32_t n, cap;
};

static vidi_status add_name(struct names *names, const char *name, size_t len) {
    for (uint32_t i = 0; i < names->n; i++)
        if (strlen(names->items[i]) == len && !memcmp(names->items[i], name, len)) return VIDI_OK;
    if (names->n == names->cap) {
        char **bigger = arena_grow(names->arena, names->items, &names->cap, sizeof *bigger);
        if (!bigger) return VIDI_E_MEMORY;
        names->items = bigger;
    }
    names->items[names->n] = arena_text(names->arena, name, len);
    return names->items[names->n++] ? VIDI_OK : VIDI_E_MEMORY;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names from order.txt, in its order; false when there is none. */
static bool ordered_names(struct names *names, const char *dir, vidi_status *status) {
    char path[PATH_CAP], line[NAME_CAP];
    if (snprintf(path, sizeof path, "%s/order.txt", dir) >= PATH_CAP) return false;
    int fd;
    uint64_t bytes;
    if (access(path, F_OK) != 0 && errno == ENOENT) return false;
    *status = file_open(names->arena->ctx, path, &fd, &bytes);
    if (*status != VIDI_OK) return true;
    FILE *f = fdopen(fd, "r");
    if (!f) {
        close(fd);
        *status = VIDI_E_MEMORY;
        return true;
    }
    while (*status == VIDI_OK && names->n < NAMES_MAX && fgets(line, sizeof line, f))
        *status = add_name(names, line, strcspn(line, "\n"));
    fclose(f);
    return true;
}

/* NULL: it is none, the words are in the context. */
static DIR *open_folder(struct vd_ctx *ctx, const char *dir) {
    DIR *d = opendir(dir);
    if (!d) vd_fail(ctx, VIDI_E_IO, "%s: cannot be read: %s", dir, strerror(errno));
    return d;
}

static vidi_status check_folder(struct vd_ctx *ctx, const char *dir) {
    DIR *d = open_folder(ctx, dir);
    if (!d) return VIDI_E_IO;
    closedir(d);
    return VIDI_OK;
}

static vidi_status list_names(struct names *names, const char *dir) {
    vidi_status status = VIDI_OK;
    if (ordered_names(names, dir, &status)) return status;
    DIR *d = open_folder(names->arena->ctx, dir);
    if (!d) return VIDI_E_IO;
    errno = 0;
    for (const struct dirent *e; status == VIDI_OK && names->n < NAMES_MAX && (e = readdir(d));) {
        const size_t len = strlen(e->d_name);
        if (len > 4 && !strcmp(e->d_name + len - 4, ".npy"))
            status = add_name(names, e->d_name, len - 4);
        errno = 0;
    }
    if (status == VIDI_OK && errno != 0)
        status =
            vd_fail(names->arena->ctx, VIDI_E_IO, "%s: cannot be read: %s", dir, strerror(errno));
    closedir(d);
    if (names->n) qsort(names->items, names->n, sizeof *names->items, by_name);
    return status;
}

struct difference {
    double nmse, max_abs, a, b;
    uint64_t worst;
    bool finite; /* both are finite in the same places */
};

static double value(const struct npy *n, uint64_t i) { return n->f ? (double)n->f[i] : n->i[i]; }

static struct difference differ(const struct npy *a, const struct npy *b) {
    struct difference d = {.finite = true};
    double error = 0, power = 0;
    for (uint64_t i = 0; i < a->count; i++) {
        const double x = value(a, i), y = value(b, i);
        if (!isfinite(x) || !isfinite(y)) {
            const bool same = (isnan(x) && isnan(y)) || x == y;
            if (!same && d.finite) d = (struct difference){.worst = i, .a = x, .b = y};
            continue;
        }
        error += (x - y) * (x - y);
        power += x * x;
        if (d.finite && fabs(x - y) > d.max_abs) {
            d.max_abs = fabs(x - y);
            d.worst = i;
            d.a = x;
            d.b = y;
        }
    }
    d.nmse = power > 0 ? error / power : error;
    return d;
}

static vidi_status compare_one(struct vd_ctx *ctx, const char *name, const char *dir_a,
                               const char *dir_b, double limit, json_t *doc) {
    char path[PATH_CAP];
    struct arena arena;
    arena_open(&arena, ctx);
    struct npy a = {0}, b = {0};
    snprintf(path, sizeof path, "%s/%s.npy", dir_a, name);
    vidi_status status = npy_read(&arena, path, &a);
    snprintf(path, sizeof path, "%s/%s.npy", dir_b, name);
    if (status == VIDI_OK) status = npy_read(&arena, path, &b);
    if (status == VIDI_E_IO) {
        json_array_append_new(json_object_get(doc, "missing"), json_string(name));
        arena_close(&arena);
        return VIDI_OK;
    }
    if (status == VIDI_OK) {
        const bool same_size = a.count == b.count;
        struct difference d = {.finite = true};
        if (same_size) d = differ(&a, &b);
        json_t *row = json_pack("{s:s, s:I}", "name", name, "count", (json_int_t)a.count);
        json_object_set_new(row, "nmse", same_size ? json_number(d.nmse) : json_null());
        json_object_set_new(row, "max_abs", json_number(d.max_abs));
        json_object_set_new(
            row, "worst",
            json_pack("[I, o, o]", (json_int_t)d.worst, json_number(d.a), json_number(d.b)));
        const char *note = !same_size ? "sizes differ" : !d.finite ? "not finite in one only" : "";
        json_object_set_new(row, "note", json_string(note));
        json_array_append_new(json_object_get(doc, "tensors"), row);
        const bool differs = *note || !(d.nmse <= limit);
        if (differs && json_is_null(json_object_get(doc, "first_difference")))
            json_object_set_new(doc, "first_difference", json_string(name));
    }
    arena_close(&arena);
    return status;
}

vidi_status vidi_compare(vidi *v, const char *dir_a, const char *dir_b, double limit, char **out) {
    *out = NULL;
    struct arena a;
    arena_open(&a, &v->ctx);
    struct names names = {.arena = &a};
    vidi_status status = check_folder(&v->ctx, dir_b);
    if (status == VIDI_OK) status = list_names(&names, dir_a);
    if (status == VIDI_OK && !names.n)
        status = vd_fail(&v->ctx, VIDI_E_IO, "%s: holds no .npy files", dir_a);
    json_t *doc = json_pack("{s:[], s:[], s:n}", "tensors", "missing", "first_difference");
    for (uint32_t i = 0; i < names.n && status == VIDI_OK; i++)
        status = compare_one(&v->ctx, names.items[i], dir_a, dir_b, limit, doc);
    arena_close(&a);
    if (status == VIDI_OK) return json_text(&v->ctx, doc, out);
    json_decref(doc);
    return status;
}

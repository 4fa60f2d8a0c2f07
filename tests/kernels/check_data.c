/* Random numbers and buffers of a case. */
#include "check_inner.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static const uint32_t poison = 0x7fc0deadu;

void check_die(struct check *c, const char *what) {
    fprintf(stderr, "check_kernels: %s: %s: %s\n", c->name, what, c->ctx.error);
    exit(1);
}

struct gpu *check_gpu(struct check *c) {
    return c->gpu;
}

bool check_every(const struct check *c) { return c->options.every; }

bool check_begin(struct check *c, const char *fmt, ...) {
    check_drop_buffers(c);
    arena_close(&c->arena);
    arena_open(&c->arena, &c->ctx);
    int n = snprintf(c->name, sizeof c->name, "%s: ", c->group->op);
    va_list args;
    va_start(args, fmt);
    n += vsnprintf(c->name + n, sizeof c->name - (size_t)n, fmt, args);
    va_end(args);
    c->random = hash_bytes(c->name, strlen(c->name)) ^ c->options.seed * 0x9e3779b97f4a7c15u;
    return !c->options.filter || strstr(c->name, c->options.filter);
}

uint32_t check_random(struct check *c) { /* splitmix64 */
    uint64_t z = c->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

uint32_t check_below(struct check *c, uint32_t n) {
    return (uint32_t)((uint64_t)check_random(c) * n >> 32);
}

float check_between(struct check *c, float low, float high) {
    return low + (high - low) * ((float)(check_random(c) >> 8) * 0x1p-24f);
}

static float normal(struct check *c) {
    const float u = check_between(c, 1e-6f, 1.0f), angle = check_between(c, 0, 6.2831853f);
    return sqrtf(-2 * logf(u)) * cosf(angle);
}

static float wild(struct check *c) {
    if (check_below(c, 16) == 0) return 0;
    const float mantissa = check_between(c, 1, 2) * (check_below(c, 2) ? 1.0f : -1.0f);
    return ldexpf(mantissa, (int)check_below(c, 20) - 12);
}

static float filled(struct check *c, enum check_fill fill, uint64_t i, float last) {
    switch (fill) {
    case CHECK_NORMAL:
        return normal(c);
    case CHECK_UNIFORM:
        return check_between(c, -1, 1);
    case CHECK_WILD:
        return wild(c);
    case CHECK_CANCEL:
        return i % 2 ? -last * (1 + check_between(c, -1e-5f, 1e-5f)) : 100 * normal(c);
    case CHECK_ONES:
        return 1;
    case CHECK_ZEROS:
        break;
    }
    return 0;
}

float *check_floats(struct check *c, enum check_fill fill, uint64_t n) {
    float *f = check_bytes(c, n * sizeof *f);
    for (uint64_t i = 0; i < n; i++) f[i] = filled(c, fill, i, i ? f[i - 1] : 0);
    return f;
}

double *check_doubles(struct check *c, uint64_t n) { return check_bytes(c, n * sizeof(double)); }

void *check_bytes(struct check *c, uint64_t n) {
    void *p = arena_alloc(&c->arena, n ? n : 1, 1);
    if (!p) check_die(c, "memory");
    return p;
}

struct gpu_buffer *check_buffer(struct check *c, const char *name, uint64_t bytes) {
    if (c->n_buffers == CHECK_MAX_BUFFERS) check_die(c, "too many buffers");
    struct gpu_buffer **b = &c->buffers[c->n_buffers];
    if (gpu_buffer_new(c->gpu, bytes, GPU_DEVICE, name, b) != VIDI_OK) check_die(c, "buffer");
    c->n_buffers++;
    return *b;
}

void check_drop_buffers(struct check *c) {
    for (uint32_t i = 0; i < c->n_buffers; i++) gpu_buffer_free(c->gpu, c->buffers[i]);
    c->n_buffers = 0;
}

struct vd_span check_input(struct check *c, const char *name, const void *data, uint64_t bytes) {
    const uint64_t all = bytes + CHECK_GUARD_BYTES;
    struct gpu_buffer *b = check_buffer(c, name, all);
    uint32_t *words = check_bytes(c, all);
    memcpy(words, data, bytes);
    for (uint64_t i = bytes / 4; i < all / 4; i++) words[i] = poison;
    if (gpu_upload(c->gpu, span_of(b, 0, all), words, all) != VIDI_OK) check_die(c, "upload");
    return span_of(b, 0, bytes);
}

struct vd_span check_scratch(struct check *c, const char *name, uint64_t bytes) {
    uint32_t *words = check_bytes(c, bytes);
    for (uint64_t i = 0; i < bytes / 4; i++) words[i] = poison;
    return check_input(c, name, words, bytes);
}

double check_allowed(double abs_sum, uint64_t k, double want) {
    const double u = 0x1p-24;
    return 4 * sqrt((double)k) * u * abs_sum + 2 * u * fabs(want) + 0x1p-140;
}

#define _POSIX_C_SOURCE 200809L
#include "ops/quant.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "ops/weight.h"

enum { SUB = 32, SUBS = 8, MAX_THREADS = 16, ROWS_AT_ONCE = 8 };

/* Of what is not a number: lo. */
static int clamp(double v, int lo, int hi) { return v > lo ? (v < hi ? (int)v : hi) : lo; }

static void put_half(uint8_t *at, float f) {
    const uint16_t bits = f32_to_f16(f);
    memcpy(at, &bits, sizeof bits);
}

static void block_q8_0(const float *x, uint8_t *out) {
    float most = 0;
    for (int j = 0; j < SUB; j++) most = fmaxf(most, fabsf(x[j]));
    const float d = most / 127, inverse = d != 0 ? 1 / d : 0;
    put_half(out, d);
    for (int j = 0; j < SUB; j++) {
        const float scaled = roundf(x[j] * inverse);
        out[2 + j] = (uint8_t)(int8_t)(isnan(scaled) ? 0 : clamp((double)scaled, -127, 127));
    }
}

/* The number farthest from 0 becomes -8 exactly. */
static void block_q4_0(const float *x, uint8_t *out) {
    float far = x[0];
    for (int j = 1; j < SUB; j++)
        if (fabsf(x[j]) > fabsf(far)) far = x[j];
    const float d = far / -8, inverse = d != 0 ? 1 / d : 0;
    put_half(out, d);
    for (int j = 0; j < SUB / 2; j++) {
        const int low = clamp((double)x[j] * (double)inverse + 8.5, 0, 15);
        const int high = clamp((double)x[j + SUB / 2] * (double)inverse + 8.5, 0, 15);
        out[2 + j] = (uint8_t)(low | high << 4);
    }
}

static void block_f16(const float *x, uint8_t *out) { put_half(out, *x); }

/* --- q4_K: x = scale * code - min, both >= 0, codes of four bits ------------------------------ */

struct fit {
    float scale, min;
};

/* Sums run in LANES parts, so that a compiler makes vectors of them. */
enum { LANES = 8 };

static float joined(const float part[LANES]) {
    float sum = 0;
    for (int k = 0; k < LANES; k++) sum += part[k];
    return sum;
}

static float error_of(const float *x, const float *weight, struct fit f, const float *code) {
    float sum[LANES] = {0};
    for (int j = 0; j < SUB; j += LANES)
        for (int k = 0; k < LANES; k++) {
            const float miss = f.scale * code[j + k] - f.min - x[j + k];
            sum[k] += weight[j + k] * miss * miss;
        }
    return joined(sum);
}

/* Least squares over scale and min for given codes; false where they say nothing of the scale. */
static bool solve(const float *x, const float *weight, const float *code, struct fit *out) {
    float ws[LANES] = {0}, wxs[LANES] = {0}, wls[LANES] = {0}, wlls[LANES] = {0}, wlxs[LANES] = {0};
    for (int j = 0; j < SUB; j += LANES)
        for (int k = 0; k < LANES; k++) {
            const float l = code[j + k], wj = weight[j + k], wl = wj * l;
            ws[k] += wj, wxs[k] += wj * x[j + k], wls[k] += wl;
            wlls[k] += wl * l, wlxs[k] += wl * x[j + k];
        }
    const float w = joined(ws), wx = joined(wxs), wl = joined(wls), wll = joined(wlls),
                wlx = joined(wlxs), det = w * wll - wl * wl;
    if (!(det > 0)) return false;
    out->scale = (w * wlx - wx * wl) / det;
    out->min = -(wll * wx - wl * wlx) / det;
    if (out->min < 0) { /* a minimum above 0 cannot be kept */
        out->min = 0;
        out->scale = wlx / wll;
    }
    return true;
}

static void set_codes(const float *x, struct fit f, float inverse, float *code) {
    for (int j = 0; j < SUB; j++) {
        const float v = (x[j] + f.min) * inverse, above = v > 0 ? v : 0;
        code[j] = (float)(int)((above < 15 ? above : 15) + 0.5f);
    }
}

static void weigh(const float *x, float weight[SUB]) {
    float squares = 0;
    for (int j = 0; j < SUB; j++) squares += x[j] * x[j];
    for (int j = 0; j < SUB; j++) weight[j] = sqrtf(squares / SUB) + fabsf(x[j]);
}

/* Tries steps a little finer and coarser than the range asks for and keeps the best. */
static struct fit fit_sub(const float *x, const float *weight) {
    enum { TRIES = 21 };
    float lo = 0, hi = x[0];
    float code[SUB];
    for (int j = 0; j < SUB; j++) lo = fminf(lo, x[j]), hi = fmaxf(hi, x[j]);
    if (!(hi > lo)) return (struct fit){0, isfinite(lo) ? -lo : 0};
    struct fit best = {(hi - lo) / 15, -lo};
    set_codes(x, best, 15 / (hi - lo), code);
    float least = error_of(x, weight, best, code);
    for (int i = 0; i < TRIES; i++) {
        struct fit f;
        set_codes(x, (struct fit){0, -lo}, (14 + 0.1f * (float)i) / (hi - lo), code);
        for (int again = 0; again < 2 && solve(x, weight, code, &f); again++) {
            const float error = error_of(x, weight, f, code);
            if (error < least) least = error, best = f;
            if (again || error > 1.2f * least || !(f.scale > 0)) break;
            set_codes(x, f, 1 / f.scale, code);
        }
    }
    return best;
}

struct k_block {
    struct fit unit;
    uint8_t scale[SUBS], min[SUBS];
    float error;
};

/* Scale and minimum of six bits each beside the rounded ones may serve better together. Returns
 * the error. */
static float settle(const float *x, const float *weight, struct fit unit, uint8_t *scale,
                    uint8_t *min) {
    const int s = *scale, m = *min;
    float least = INFINITY;
    for (int i = 0; i < 9; i++) {
        const int ds = s + (i + 4) % 9 / 3 - 1, dm = m + (i + 4) % 9 % 3 - 1;
        if (ds < 0 || ds > 63 || dm < 0 || dm > 63) continue;
        const struct fit f = {unit.scale * (float)ds, unit.min * (float)dm};
        float code[SUB];
        set_codes(x, f, f.scale > 0 ? 1 / f.scale : 0, code);
        const float error = error_of(x, weight, f, code);
        if (error < least) least = error, *scale = (uint8_t)ds, *min = (uint8_t)dm;
    }
    return least;
}

static struct k_block fit_block(const float *x, float weight[SUBS][SUB], const struct fit *fits,
                                float unit_scale, float unit_min) {
    struct k_block k = {
        .unit = {f16_to_f32(f32_to_f16(unit_scale)), f16_to_f32(f32_to_f16(unit_min))}};
    for (int i = 0; i < SUBS; i++) {
        k.scale[i] = (uint8_t)clamp((double)nearbyintf(fits[i].scale / unit_scale), 0, 63);
        k.min[i] = (uint8_t)clamp((double)nearbyintf(fits[i].min / unit_min), 0, 63);
        k.error += settle(x + i * SUB, weight[i], k.unit, &k.scale[i], &k.min[i]);
    }
    return k;
}

/* Six bits each of eight scales and minima in 12 bytes: the first four whole, of the others the
 * low nibbles in the last four bytes and the high pairs above the first eight. */
static void put_scales(uint8_t *to, const uint8_t scale[SUBS], const uint8_t min[SUBS]) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(scale[i] | (scale[i + 4] >> 4) << 6);
        to[i + 4] = (uint8_t)(min[i] | (min[i + 4] >> 4) << 6);
        to[i + 8] = (uint8_t)((scale[i + 4] & 15) | (min[i + 4] & 15) << 4);
    }
}

/* The units of scales and minima are the largest ones over 63, 62 or 61, whichever errs least. */
static void block_q4_k(const float *x, uint8_t *out) {
    enum { UNITS = 3 };
    struct fit fits[SUBS];
    float most_scale = 0, most_min = 0, weight[SUBS][SUB];
    for (int i = 0; i < SUBS; i++) {
        weigh(x + i * SUB, weight[i]);
        fits[i] = fit_sub(x + i * SUB, weight[i]);
        most_scale = fmaxf(most_scale, fits[i].scale);
        most_min = fmaxf(most_min, fits[i].min);
    }
    struct k_block k = fit_block(x, weight, fits, most_scale / 63, most_min / 63);
    for (int i = 1; i < UNITS; i++) {
        const float parts = (float)(63 - i);
        const struct k_block other =
            fit_block(x, weight, fits, most_scale / parts, most_min / parts);
        if (other.error < k.error) k = other;
    }
    put_half(out, k.unit.scale);
    put_half(out + 2, k.unit.min);
    put_scales(out + 4, k.scale, k.min);
    for (int i = 0; i < SUBS; i++) {
        float code[SUB];
        const struct fit f = {k.unit.scale * k.scale[i], k.unit.min * k.min[i]};
        set_codes(x + i * SUB, f, f.scale > 0 ? 1 / f.scale : 0, code);
        uint8_t *to = out + 16 + i / 2 * SUB;
        for (int j = 0; j < SUB; j++)
            to[j] = (uint8_t)(i % 2 ? to[j] | (int)code[j] << 4 : (int)code[j]);
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

static void (*const encoders[VD_TYPE_COUNT])(const float *x, uint8_t *out) = {
    [VD_F16] = block_f16,
    [VD_Q8_0] = block_q8_0,
    [VD_Q4_0] = block_q4_0,
    [VD_Q4_K] = block_q4_k,
};

bool quant_makes(enum vd_type type) {
    return type >= 0 && type < VD_TYPE_COUNT && encoders[type] != NULL;
}

void quant_row(enum vd_type type, const float *src, uint32_t cols, void *out) {
    const struct vd_format *f = &vd_formats[type];
    uint8_t *to = out;
    for (uint32_t c = 0; c < cols; c += f->block, to += f->bytes) encoders[type](src + c, to);
}

struct team {
    const struct quant_job *job;
    uint64_t from_row, to_row; /* bytes */
    float *rows;               /* [threads][cols] */
    atomic_uint next, member;
};

static void *work(void *user) {
    struct team *t = user;
    const struct quant_job *job = t->job;
    float *row = t->rows + (size_t)atomic_fetch_add(&t->member, 1) * job->cols;
    for (uint32_t first; (first = atomic_fetch_add(&t->next, ROWS_AT_ONCE)) < job->rows;)
        for (uint32_t r = first; r < job->rows && r < first + ROWS_AT_ONCE; r++) {
            dequant_row(job->from, (const uint8_t *)job->src + r * t->from_row, job->cols, row);
            quant_row(job->to, row, job->cols, (uint8_t *)job->out + r * t->to_row);
        }
    return NULL;
}

vidi_status quant_rows(struct vd_ctx *ctx, const struct quant_job *job) {
    struct team t = {.job = job};
    pthread_t threads[MAX_THREADS];
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t parts = (job->rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    uint32_t wanted = cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (uint32_t)cores, n = 0;
    if (wanted > parts) wanted = parts;
    if (!wanted) return VIDI_OK;
    VD_ASSERT(quant_makes(job->to));
    if (!format_bytes(job->from, 1, job->cols, &t.from_row) ||
        !format_bytes(job->to, 1, job->cols, &t.to_row))
        return vd_fail(ctx, VIDI_E_FORMAT, "%u columns are not whole blocks of %s", job->cols,
                       vd_formats[job->to].name);
    t.rows = vd_alloc(ctx, (uint64_t)wanted * job->cols * sizeof *t.rows);
    if (!t.rows) return VIDI_E_MEMORY;
    while (n + 1 < wanted && pthread_create(&threads[n], NULL, work, &t) == 0) n++;
    work(&t);
    for (uint32_t i = 0; i < n; i++) pthread_join(threads[i], NULL);
    vd_free(ctx, t.rows);
    return VIDI_OK;
}

/* --- which type ------------------------------------------------------------------------------- */

static bool has(const struct quant_tensor *t, const char *part) {
    const size_t n = strlen(part);
    for (uint64_t i = 0; i + n <= t->name_len; i++)
        if (memcmp(t->name + i, part, n) == 0) return true;
    return false;
}

static bool is_named(const struct quant_tensor *t, const char *name) {
    return strlen(name) == t->name_len && memcmp(t->name, name, t->name_len) == 0;
}

enum vd_type quant_choice(enum vd_type wanted, const struct quant_tensor *t) {
    /* The last is read with its columns as rows, which blocks would lie across. */
    static const char *const kept[] = {
        "norm",        "position_embd", "patch_embd",         "class_embd",
        "token_types", "rope_",         "mm.input_projection"};
    const bool plain = t->have == VD_F32 || t->have == VD_F16 || t->have == VD_BF16;
    const size_t tail = sizeof ".weight" - 1;
    if (!plain || !quant_makes(wanted) || t->n_dims != 2) return t->have;
    if (t->name_len < tail || memcmp(t->name + t->name_len - tail, ".weight", tail) != 0)
        return t->have;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (has(t, kept[i])) return t->have;
    const bool vocabulary = is_named(t, "token_embd.weight") || is_named(t, "output.weight") ||
                            is_named(t, "token_embd_more.weight") ||
                            is_named(t, "output_more.weight");
    if (vocabulary && wanted != VD_F16) wanted = VD_Q8_0;
    if (t->cols % vd_formats[wanted].block) wanted = VD_Q8_0;
    if (t->cols % vd_formats[wanted].block) return t->have == VD_F32 ? VD_F16 : t->have;
    return wanted;
}

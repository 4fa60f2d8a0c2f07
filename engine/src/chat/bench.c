#include <stdlib.h>
#include <string.h>

#include "chat/internal.h"
#include "chat/json.h"
#include "kernels.h"
#include "vidi/inspect.h"

enum { REPEATS_MAX = 64, DEVICE_ROUNDS = 5, OPS_MAX = 512 };

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    return n ? values[n / 2] : 0;
}

/* --- what the device can do ------------------------------------------------------------------- */

static vidi_status time_list(struct gpu_list *list, double *ms) {
    struct gpu_program *p;
    struct gpu *gpu = list->gpu;
    const vidi_status recorded = gpu_program_record(list, "device rate", &p);
    gpu_list_close(list);
    TRY(recorded);
    double times[DEVICE_ROUNDS];
    vidi_status status = gpu_run(p);
    for (int i = 0; i < DEVICE_ROUNDS && status == VIDI_OK; i++) {
        const double start = clock_ms();
        status = gpu_run(p);
        times[i] = clock_ms() - start;
    }
    *ms = median(times, DEVICE_ROUNDS);
    gpu_program_free(gpu, p);
    return status;
}

/* Bytes read and written a second. 64 MiB there and 64 back: larger than any cache here. */
static vidi_status copy_rate(struct gpu *gpu, double *gb_s) {
    const uint64_t bytes = 64u << 20;
    struct gpu_buffer *from, *to;
    TRY(gpu_buffer_new(gpu, bytes, GPU_DEVICE, "copy source", &from));
    vidi_status status = gpu_buffer_new(gpu, bytes, GPU_DEVICE, "copy target", &to);
    double ms = 0;
    if (status == VIDI_OK) {
        struct gpu_list list;
        gpu_list_open(&list, gpu);
        const uint32_t n = (uint32_t)(bytes / 16), per_lane = 16;
        k_copy_words(&list, 0, groups(n / (64 * per_lane), 1, 1), .x = span_of(from, 0, bytes),
                     .y = span_of(to, 0, bytes), .n = n, .per_lane = per_lane);
        status = time_list(&list, &ms);
        gpu_buffer_free(gpu, to);
    }
    gpu_buffer_free(gpu, from);
    *gb_s = ms > 0 ? 2.0 * (double)bytes / ms * 1e-6 : 0;
    return status;
}

static vidi_status arithmetic_rate(struct gpu *gpu, double *gflop_s) {
    const bool cpu = gpu_caps(gpu)->type == GPU_CPU;
    const uint32_t lanes = cpu ? 4096 : 1u << 20, rounds = cpu ? 4096 : 2048;
    struct gpu_buffer *out;
    TRY(gpu_buffer_new(gpu, lanes * sizeof(float), GPU_DEVICE, "rate", &out));
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    k_multiply_add(&list, 0, groups(lanes / 64, 1, 1), .y = span_of(out, 0, lanes * sizeof(float)),
                   .n = lanes, .rounds = rounds, .scale = 0.999f, .shift = 0.001f);
    double ms = 0;
    const vidi_status status = time_list(&list, &ms);
    gpu_buffer_free(gpu, out);
    *gflop_s = ms > 0 ? 32.0 * lanes * rounds / ms * 1e-6 : 0;
    return status;
}

/* --- the model -------------------------------------------------------------------------------- */

struct runs {
    double image[REPEATS_MAX], prompt[REPEATS_MAX], answer[REPEATS_MAX];
    double submissions, recordings, allocations; /* a token */
};

static vidi_status say(vidi_chat *c, int n_prompt) {
    vidi_model *m = c->model;
    if (m->shape.picture.rows) {
        const int side = 640;
        uint8_t *rgb = vd_alloc(&m->v->ctx, (uint64_t)side * side * 3);
        if (!rgb) return VIDI_E_MEMORY;
        for (int i = 0; i < side * side * 3; i++) rgb[i] = (uint8_t)(i * 7 / 11);
        const vidi_status status =
            vidi_say_image(c, &(vidi_image){rgb, side, side, side * 3, VIDI_RGB8});
        vd_free(&m->v->ctx, rgb);
        TRY(status);
    }
    char *text = vd_alloc(&m->v->ctx, (uint64_t)n_prompt * 2 + 1);
    if (!text) return VIDI_E_MEMORY;
    for (int i = 0; i < n_prompt; i++) memcpy(text + (size_t)i * 2, " a", 2);
    const vidi_status status = vidi_say_text(c, VIDI_USER, text);
    vd_free(&m->v->ctx, text);
    return status;
}

/* Samples past the end of an answer, so that its length does not depend on the weights. */
static vidi_status answer(vidi_chat *c, int n, double *tokens_s, struct runs *r) {
    const double start = clock_ms();
    vidi_stats before, after;
    vidi_chat_stats(c, &before);
    for (int i = 0; i < n; i++) {
        int32_t token;
        TRY(chat_step(c));
        TRY(chat_take(c, &token));
    }
    vidi_chat_stats(c, &after);
    *tokens_s = n / (clock_ms() - start) * 1e3;
    r->submissions = (double)(after.submissions - before.submissions) / n;
    r->recordings = (double)(after.recordings - before.recordings) / n;
    r->allocations = (double)(after.allocations - before.allocations) / n;
    return VIDI_OK;
}

static vidi_status run_once(vidi_chat *c, const vidi_bench_config *cfg, struct runs *r, int i) {
    int mark;
    TRY(vidi_chat_mark(c, &mark));
    TRY(say(c, cfg->n_prompt));
    c->stats.image_ms = c->stats.prompt_ms = 0;
    c->stats.prompt_tokens = 0;
    TRY(chat_read_pending(c));
    r->image[i] = c->stats.image_ms;
    r->prompt[i] = c->stats.prompt_tokens / c->stats.prompt_ms * 1e3;
    int32_t token;
    TRY(chat_first_token(c));
    TRY(chat_take(c, &token));
    TRY(answer(c, cfg->n_answer, &r->answer[i], r));
    return vidi_chat_rewind(c, mark);
}

struct timed {
    const char *kernel, *variant;
    int count;
    double ms;
    uint64_t bytes, flops;
};
struct timings {
    struct timed row[OPS_MAX];
    int n;
    double rows_part; /* of the rows that ops were told, those that the newest run had */
    double kv_part;   /* the same of the cache */
};

/* Ops count what they could do at most; what the run did follows from its rows and positions. */
static void scale_timing(const struct timings *all, const struct gpu_timing *t, struct timed *to) {
    const bool attends = !strncmp(t->kernel, "attend", strlen("attend"));
    to->bytes += (uint64_t)((double)t->bytes * (attends ? all->kv_part : 1));
    to->flops += (uint64_t)((double)t->flops * all->rows_part * (attends ? all->kv_part : 1));
}

static void add_timing(void *user, const struct gpu_timing *t) {
    struct timings *rows = user;
    int i = 0;
    while (i < rows->n && (strcmp(rows->row[i].kernel, t->kernel) != 0 ||
                           strcmp(rows->row[i].variant, t->variant) != 0))
        i++;
    if (i == OPS_MAX) return;
    if (i == rows->n)
        rows->row[rows->n++] = (struct timed){.kernel = t->kernel, .variant = t->variant};
    rows->row[i].count++;
    rows->row[i].ms += t->ms;
    scale_timing(rows, t, &rows->row[i]);
}

/* What the device does in the same run; roofs of what ops may reach. */
struct rates {
    double gb_s, gflop_s;
};

static json_t *op_json(const char *phase, const struct timed *r, struct rates most) {
    const double seconds = r->ms * 1e-3;
    const double gb = seconds > 0 ? (double)r->bytes / seconds * 1e-9 : 0;
    const double gf = seconds > 0 ? (double)r->flops / seconds * 1e-9 : 0;
    const double copy = most.gb_s > 0 ? 100 * gb / most.gb_s : 0;
    const double flops = most.gflop_s > 0 ? 100 * gf / most.gflop_s : 0;
    return json_pack("{s:s, s:s, s:s, s:i, s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "phase", phase,
                     "kernel", r->kernel, "variant", r->variant, "count", r->count, "ms", r->ms,
                     "bytes", (json_int_t)r->bytes, "flops", (json_int_t)r->flops, "gb_s", gb,
                     "percent_copy", copy, "gflop_s", gf, "percent_flops", flops, "percent_roof",
                     copy > flops ? copy : flops);
}

static struct gpu_program *program_of(struct program *p) { return p ? p->gpu : NULL; }

static vidi_status ops_json(vidi_chat *c, int n_answer, struct rates most, json_t *list) {
    const double capacity = c->cfg.context;
    const struct {
        const char *phase;
        struct gpu_program *p;
        double rows_part, kv_part;
    } phases[] = {{"resize", chat_pixels_program(c), 1, 1},
                  {"picture", program_of(c->encoded), 1, 1},
                  {"see", program_of(c->see), 1, 1},
                  {"prompt", program_of(c->prompt), (double)c->chunk_rows / c->chunk,
                   c->first_position / capacity},
                  {"head", program_of(c->head), 1, 1},
                  {"step", program_of(c->answer), 1, (c->first_position + n_answer) / capacity}};
    struct timings *rows = vd_alloc(&c->model->v->ctx, sizeof *rows);
    if (!rows) return VIDI_E_MEMORY;
    vidi_status status = VIDI_OK;
    for (size_t i = 0; i < sizeof phases / sizeof *phases && status == VIDI_OK; i++) {
        if (!phases[i].p) continue;
        *rows = (struct timings){.rows_part = phases[i].rows_part, .kv_part = phases[i].kv_part};
        status = gpu_program_timings(phases[i].p, add_timing, rows);
        for (int k = 0; k < rows->n; k++)
            json_array_append_new(list, op_json(phases[i].phase, &rows->row[k], most));
    }
    vd_free(&c->model->v->ctx, rows);
    return status;
}

/* --- what is asked of the device, counted ----------------------------------------------------- */

struct layer_counts {
    const char *scope; /* "v.blk." */
    uint32_t dispatches[FAMILY_LAYERS], barriers[FAMILY_LAYERS];
};

static void count_one(void *user, const char *label, bool waits) {
    struct layer_counts *n = user;
    const size_t len = strlen(n->scope);
    if (strncmp(label, n->scope, len) != 0) return;
    const unsigned long layer = strtoul(label + len, NULL, 10);
    if (layer >= FAMILY_LAYERS) return;
    n->dispatches[layer]++;
    n->barriers[layer] += waits;
}

/* A program's dispatches and barriers, and the most of one layer, as PER_NAME. */
static vidi_status add_counts(vidi_chat *c, json_t *doc, struct program *p, const char *name,
                              const char *scope) {
    struct layer_counts *n = vd_alloc(&c->model->v->ctx, sizeof *n);
    if (!n) return VIDI_E_MEMORY;
    uint32_t layers = 0, dispatches = 0, barriers = 0;
    n->scope = scope;
    if (p) gpu_program_each(p->gpu, count_one, n);
    for (int i = 0; i < FAMILY_LAYERS; i++) {
        layers += n->dispatches[i] != 0;
        if (n->dispatches[i] > dispatches) dispatches = n->dispatches[i];
        if (n->barriers[i] > barriers) barriers = n->barriers[i];
    }
    json_object_set_new(doc, name,
                        json_pack("{s:i, s:i, s:i, s:i, s:i}", "dispatches",
                                  p ? (int)gpu_program_dispatches(p->gpu) : 0, "barriers",
                                  p ? (int)gpu_program_barriers(p->gpu) : 0, "layers", (int)layers,
                                  "dispatches_per_layer", (int)dispatches, "barriers_per_layer",
                                  (int)barriers));
    vd_free(&c->model->v->ctx, n);
    return VIDI_OK;
}

static vidi_status bench_into(vidi_chat *c, const vidi_bench_config *cfg, char **out) {
    vidi_model *m = c->model;
    struct gpu *gpu = m->v->gpu;
    struct runs r = {0};
    struct rates most;
    TRY(copy_rate(gpu, &most.gb_s));
    TRY(arithmetic_rate(gpu, &most.gflop_s));
    TRY(run_once(c, cfg, &r, 0)); /* warms up; overwritten below */
    for (int i = 0; i < cfg->repeats; i++) TRY(run_once(c, cfg, &r, i));
    vidi_stats stats;
    vidi_chat_stats(c, &stats);
    json_t *ops = json_array();
    if (m->v->debug.profile) TRY(ops_json(c, cfg->n_answer, most, ops));
    json_t *doc =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "device", gpu_caps(gpu)->name,
                  "driver", gpu_caps(gpu)->driver, "model", m->file.path, "copy_gb_s", most.gb_s,
                  "gflop_s", most.gflop_s, "load_ms", stats.load_ms, "image_ms",
                  median(r.image, cfg->repeats), "prompt_tokens_s", median(r.prompt, cfg->repeats),
                  "answer_tokens_s", median(r.answer, cfg->repeats));
    const struct {
        const char *name;
        double value;
    } counts[] = {
        {"dispatches_per_token", gpu_program_dispatches(c->answer->gpu)},
        {"barriers_per_token", gpu_program_barriers(c->answer->gpu)},
        {"submissions_per_token", r.submissions},
        {"recordings_per_token", r.recordings},
        {"allocations_per_token", r.allocations},
        {"device_bytes", (double)stats.device_bytes},
        {"host_peak_bytes", (double)stats.host_peak_bytes},
        {"layers", m->shape.layers},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(doc, counts[i].name, json_real(counts[i].value));
    json_object_set_new(doc, "ops", ops);
    TRY(add_counts(c, doc, c->encoded, "per_picture", "v.blk."));
    TRY(add_counts(c, doc, c->answer, "per_token", "blk."));
    return json_text(&m->v->ctx, doc, out);
}

vidi_status vidi_bench(vidi_model *m, const vidi_bench_config *wanted, char **out) {
    *out = NULL;
    vidi_bench_config cfg = wanted ? *wanted : (vidi_bench_config){0};
    if (cfg.n_prompt <= 0) cfg.n_prompt = 64;
    if (cfg.n_answer <= 0) cfg.n_answer = 32;
    if (cfg.repeats <= 0 || cfg.repeats > REPEATS_MAX) cfg.repeats = 3;
    vidi_chat *c;
    TRY(vidi_chat_open(m, NULL, &c));
    const vidi_status status = bench_into(c, &cfg, out);
    vidi_chat_close(c);
    return status;
}

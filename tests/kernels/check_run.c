/* Runs a case on each kernel of its group and looks at every word of every output. */
#include "check_inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static const uint32_t poison = 0x7fc0deadu;

static uint32_t guard_word(uint64_t i) { return 0x5eed0000u ^ (uint32_t)i * 2654435761u; }
static uint64_t out_words(const struct check_output *o) {
    return (uint64_t)(o->rows - 1) * o->stride + o->cols;
}

const struct kernel *check_kernel(const char *name, uint32_t *index) {
    for (uint32_t i = 0; i < kernel_count; i++) {
        if (strcmp(kernel_table[i].name, name) != 0) continue;
        if (index) *index = i;
        return &kernel_table[i];
    }
    return NULL;
}

bool check_can_run(struct check *c, const struct kernel *k) {
    return (k->needs & ~gpu_caps(c->gpu)->has) == 0;
}

struct vd_span check_output(struct check *c, struct check_output *out) {
    const uint64_t bytes = out_words(out) * 4;
    struct gpu_buffer *b = check_buffer(c, out->name, bytes + 2 * CHECK_GUARD_BYTES);
    out->span = span_of(b, CHECK_GUARD_BYTES, bytes);
    return out->span;
}

/* The words that the whole buffer holds before a run. */
static uint32_t *fresh(struct check *c, const struct check_output *o, uint64_t *n) {
    const uint64_t guard = CHECK_GUARD_BYTES / 4, words = out_words(o);
    *n = words + 2 * guard;
    uint32_t *all = check_bytes(c, *n * 4);
    for (uint64_t i = 0; i < *n; i++)
        all[i] = i >= guard && i < guard + words ? poison : guard_word(i);
    if (o->init) memcpy(all + guard, o->init, words * 4);
    return all;
}

struct found {
    double worst;
    uint64_t n_bad, row, col; /* the first bad one */
    bool outside;             /* a word that is no element changed */
};

static void note(struct found *f, uint64_t row, uint64_t col, bool outside) {
    if (f->n_bad++) return;
    f->row = row, f->col = col, f->outside = outside;
}

/* used / allowed of one element; above 1 is wrong, infinite when there is no comparing. */
static double element_ratio(const struct check_output *o, uint64_t i, uint32_t got, bool twin) {
    const uint32_t *bits = twin ? o->wrong_bits : o->want_bits;
    const double *want = twin ? o->wrong : o->want;
    if (bits) return bits[i] == got ? 0 : INFINITY;
    float value;
    memcpy(&value, &got, 4);
    const double off = fabs((double)value - want[i]);
    if (isnan(off)) return INFINITY;
    return o->allowed[i] > 0 ? off / o->allowed[i] : off > 0 ? INFINITY : 0;
}

static struct found compare(const struct check_output *o, const uint32_t *before,
                            const uint32_t *after, uint64_t n, bool twin) {
    struct found f = {0};
    const uint64_t guard = CHECK_GUARD_BYTES / 4;
    for (uint64_t w = 0; w < n; w++) {
        const uint64_t at = w - guard, row = at / o->stride, col = at % o->stride;
        const uint64_t i = row * o->cols + col;
        const bool inside =
            w >= guard && at < out_words(o) && col < o->cols && !(o->skip && o->skip[i]);
        if (!inside) {
            if (after[w] != before[w]) note(&f, row, col, true);
            continue;
        }
        const double ratio = element_ratio(o, i, after[w], twin);
        if (ratio > f.worst) f.worst = ratio;
        if (!(ratio <= 1)) note(&f, row, col, false);
    }
    return f;
}

static void tell(struct check *c, const char *kernel, const struct check_output *o,
                 const struct found *f, const uint32_t *after) {
    const uint64_t at = f->row * o->stride + f->col, i = f->row * o->cols + f->col;
    const uint32_t bits = after[at + CHECK_GUARD_BYTES / 4];
    float got;
    memcpy(&got, &bits, 4);
    printf("FAIL %s, %s: %s: %llu bad, first at row %lld col %lld: got %g (%08x)", c->name, kernel,
           o->name, (unsigned long long)f->n_bad, (long long)f->row, (long long)f->col, got, bits);
    if (f->outside)
        printf(", which must stay untouched");
    else if (o->want_bits)
        printf(", want %08x", o->want_bits[i]);
    else
        printf(", want %g +- %g", o->want[i], o->allowed[i]);
    printf("; --seed %llu --filter '%s'\n", (unsigned long long)c->options.seed, c->name);
}

bool check_fill_list(struct check *c, struct gpu_list *list, const char *only, check_append append,
                     const void *op) {
    gpu_list_open(list, c->gpu);
    list->only = only;
    append(list, op);
    if (list->status == VIDI_OK) return true;
    if (list->status != VIDI_E_UNSUPPORTED) {
        c->failed++;
        printf("FAIL %s, %s: the op says: %s\n", c->name, only ? only : "", c->ctx.error);
    }
    gpu_list_close(list);
    return false;
}

static void run_list(struct check *c, struct gpu_list *list) {
    struct gpu_program *p;
    if (gpu_program_record(list, c->name, &p) != VIDI_OK) check_die(c, "record");
    if (gpu_run(p) != VIDI_OK) check_die(c, "run");
    gpu_program_free(c->gpu, p);
}

/* One output after the run: wrong elements, strays, and whether the wrong twin would show. */
static bool judge(struct check *c, const char *kernel, const struct check_output *o,
                  const uint32_t *before, uint64_t n, double *worst) {
    uint32_t *after = check_bytes(c, n * 4);
    const struct vd_span all = span_of(o->span.buffer, 0, n * 4);
    if (gpu_download(c->gpu, after, all, n * 4) != VIDI_OK) check_die(c, "download");
    const struct found f = compare(o, before, after, n, false);
    if (f.worst > *worst) *worst = f.worst;
    if (f.n_bad) tell(c, kernel, o, &f, after);
    if (!o->wrong && !o->wrong_bits) return f.n_bad == 0;
    c->had_twin = true;
    if (compare(o, before, after, n, true).n_bad) return f.n_bad == 0;
    printf("FAIL %s, %s: %s: a wrong twin passes\n", c->name, kernel, o->name);
    return false;
}

static void score(struct check *c, const struct gpu_list *list, bool ok, double worst) {
    for (uint32_t i = 0; i < list->n; i++) {
        const struct gpu_dispatch *d = &list->items[i];
        struct check_score *s = &c->scores[d->kernel * CHECK_MAX_VARIANTS + d->variant];
        s->runs++;
        s->failures += !ok;
        if (worst > s->worst) s->worst = worst;
    }
    c->passed += ok;
    c->failed += !ok;
}

static void run_one(struct check *c, const char *only, check_append append, const void *op,
                    struct check_output *outs, uint32_t n_outs) {
    struct gpu_list list;
    if (!check_fill_list(c, &list, only, append, op)) return;
    uint32_t *before[8];
    uint64_t n[8];
    for (uint32_t i = 0; i < n_outs; i++) {
        before[i] = fresh(c, &outs[i], &n[i]);
        const struct vd_span all = span_of(outs[i].span.buffer, 0, n[i] * 4);
        if (gpu_upload(c->gpu, all, before[i], n[i] * 4) != VIDI_OK) check_die(c, "upload");
    }
    run_list(c, &list);
    const char *kernel = only ? only : kernel_table[list.items[0].kernel].name;
    bool ok = true;
    double worst = 0;
    const bool halves = kernel_table[list.items[0].kernel].needs & NEED_COOPMAT;
    for (uint32_t i = 0; i < n_outs; i++) {
        struct check_output out = outs[i];
        if (halves && out.allowed_halves) out.allowed = out.allowed_halves;
        ok &= judge(c, kernel, &out, before[i], n[i], &worst);
    }
    score(c, &list, ok, worst);
    if (c->options.verbose)
        printf("%s %s, %s: %.3f\n", ok ? "ok  " : "FAIL", c->name, kernel, worst);
    gpu_list_close(&list);
}

/* What the op chooses by itself must be something, and one of the group's kernels. */
static void check_choice(struct check *c, check_append append, const void *op) {
    struct gpu_list list;
    gpu_list_open(&list, c->gpu);
    append(&list, op);
    bool known = false;
    for (const char *const *k = c->group->kernels; list.n && *k; k++)
        known |= strcmp(*k, kernel_table[list.items[0].kernel].name) == 0;
    if (list.status != VIDI_OK || !known) {
        c->failed++;
        printf("FAIL %s: the op chooses no kernel: %s\n", c->name, c->ctx.error);
    }
    gpu_list_close(&list);
}

void check_run(struct check *c, check_append append, const void *op, struct check_output *outs,
               uint32_t n_outs) {
    if (n_outs > 8) check_die(c, "more than 8 outputs");
    if (!c->group->kernels) {
        run_one(c, NULL, append, op, outs, n_outs);
        return;
    }
    check_choice(c, append, op);
    for (const char *const *k = c->group->kernels; *k; k++) {
        const struct kernel *kernel = check_kernel(*k, NULL);
        if (kernel && check_can_run(c, kernel)) run_one(c, *k, append, op, outs, n_outs);
    }
}

/* --- timing ---------------------------------------------------------------------------------- */

/* `cpu_ms`: of all threads of this process, which on a CPU driver is what the kernel cost when
 * other programs take part of the machine. */
static void bench_line(struct check *c, const struct gpu_list *list, double ms, double cpu_ms) {
    const struct gpu_dispatch *d = &list->items[0];
    const char *kernel = kernel_table[d->kernel].name;
    const char *variant = kernel_table[d->kernel].variants[d->variant].name;
    const double seconds = ms / 1e3 / list->n;
    const double gb = (double)d->bytes / seconds / 1e9, gflop = (double)d->flops / seconds / 1e9;
    if (c->options.json)
        printf("{\"case\":\"%s\",\"kernel\":\"%s\",\"variant\":\"%s\",\"us\":%.2f,\"cpu_us\":%.2f,"
               "\"bytes\":%llu,"
               "\"flops\":%llu,\"gb_s\":%.3f,\"gflop_s\":%.3f}\n",
               c->name, kernel, variant, seconds * 1e6, cpu_ms * 1e3 / list->n,
               (unsigned long long)d->bytes, (unsigned long long)d->flops, gb, gflop);
    else
        printf("%-40s %-16s %-5s %9.1f us (cpu %9.1f) %7.2f GB/s %7.2f GFLOP/s\n", c->name, kernel,
               variant, seconds * 1e6, cpu_ms * 1e3 / list->n, gb, gflop);
}

static void bench_one(struct check *c, const char *only, check_append append, const void *ops,
                      uint64_t op_bytes, uint32_t n) {
    struct gpu_list list;
    if (!check_fill_list(c, &list, only, append, ops)) return;
    if (list.items[0].flops > 20000000 &&
        strstr(kernel_table[list.items[0].kernel].name, "_simple")) {
        gpu_list_close(&list); /* the naive ones take seconds and tell nothing */
        return;
    }
    for (uint32_t i = 1; i < n; i++) append(&list, (const char *)ops + i * op_bytes);
    struct gpu_program *p;
    if (gpu_program_record(&list, c->name, &p) != VIDI_OK) check_die(c, "record");
    if (gpu_run(p) != VIDI_OK) check_die(c, "run"); /* pipelines and caches warm up */
    double best = INFINITY, best_cpu = INFINITY;
    const double start = clock_ms();
    do {
        const double before = clock_ms();
        const clock_t cpu = clock();
        if (gpu_run(p) != VIDI_OK) check_die(c, "run");
        best = fmin(best, clock_ms() - before);
        best_cpu = fmin(best_cpu, (double)(clock() - cpu) * 1e3 / CLOCKS_PER_SEC);
    } while (clock_ms() - start < c->options.bench_ms);
    bench_line(c, &list, best, best_cpu);
    gpu_program_free(c->gpu, p);
    gpu_list_close(&list);
}

void check_bench(struct check *c, check_append append, const void *ops, uint64_t op_bytes,
                 uint32_t n) {
    if (!c->group->kernels) {
        bench_one(c, NULL, append, ops, op_bytes, n);
        return;
    }
    for (const char *const *k = c->group->kernels; *k; k++) {
        const struct kernel *kernel = check_kernel(*k, NULL);
        if (kernel && check_can_run(c, kernel)) bench_one(c, *k, append, ops, op_bytes, n);
    }
}

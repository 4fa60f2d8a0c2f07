/* Choosing a token: the largest, or a draw. */
#include "ops/ref/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_inner.h"

static const char *const kernels[] = {"sample_tiles", "sample_tiles_subgroup", NULL};

static void append(struct gpu_list *list, const void *op) { op_sample(list, op); }

static void report(struct check *c, bool ok, const char *what) {
    c->passed += ok;
    c->failed += !ok;
    if (!ok) printf("FAIL %s: %s\n", c->name, what);
}

/* --- one token -------------------------------------------------------------------------------- */

/* The wrong twin takes the candidate after the right one, or the first where there is none. */
static uint32_t wrong_token(const struct ref_candidate *all, uint32_t n, uint32_t token) {
    for (uint32_t i = 0; i + 1 < n; i++)
        if (all[i].id == token) return all[i + 1].id;
    return token + 1;
}

/* A token, its place in the ring, and the step as it must stand afterwards. */
static void run(struct check *c, const float *logits, uint32_t cols, struct step step) {
    struct ref_candidate *work = check_bytes(c, cols * sizeof *work);
    const uint32_t token = ref_sample(logits, cols, &step, work);
    const uint32_t n = ref_candidates(logits, cols, &step, work);
    uint32_t ring[TOKEN_RING], ring_want[TOKEN_RING];
    for (int i = 0; i < TOKEN_RING; i++) ring[i] = ring_want[i] = 7000 + (uint32_t)i;
    ring_want[step.counter % TOKEN_RING] = token;
    struct step next = step;
    next.position += step.rows;
    next.rows = 1;
    next.counter++;
    const uint32_t wrong = wrong_token(work, n, token);
    struct check_output outs[] = {
        {.name = "ids",
         .rows = 1,
         .cols = 1,
         .stride = 1,
         .want_bits = &token,
         .wrong_bits = &wrong},
        {.name = "tokens",
         .rows = 1,
         .cols = TOKEN_RING,
         .stride = TOKEN_RING,
         .init = ring,
         .want_bits = ring_want},
        {.name = "step",
         .rows = 1,
         .cols = 16,
         .stride = 16,
         .init = &step,
         .want_bits = (const uint32_t *)&next},
    };
    const struct op_sample op = {
        .logits = check_input(c, "logits", logits, cols * 4ull),
        .ids = check_output(c, &outs[0]),
        .tokens = check_output(c, &outs[1]),
        .step = check_output(c, &outs[2]),
        .scratch = check_scratch(c, "scratch", op_sample_scratch_bytes(cols)),
        .cols = cols,
    };
    check_run(c, append, &op, outs, 3);
}

static struct step settings(struct check *c, uint32_t top_k, float heat, float top_p, float min_p) {
    return (struct step){.position = check_below(c, 1000),
                         .rows = 1 + check_below(c, 30),
                         .counter = check_random(c),
                         .top_k = top_k,
                         .temperature = heat,
                         .top_p = top_p,
                         .min_p = min_p,
                         .seed_low = check_random(c),
                         .seed_high = check_random(c),
                         .span_from = 6,
                         .span_to = 7,
                         .lag = 1,
                         .reserved = {2, 3, 4, 5}};
}

static void largest(struct check *c) {
    static const uint32_t cols[] = {1, 2, 3, 63, 64, 65, 255, 256, 257, 513, 4099, 49152, 65537};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++)
        for (int fill = CHECK_NORMAL; fill <= CHECK_ZEROS; fill++)
            if (check_begin(c, "largest of %u fill %d", cols[i], fill))
                run(c, check_floats(c, (enum check_fill)fill, cols[i]), cols[i],
                    settings(c, 0, 0, 1, 0));
}

static void draws_of_many_sizes(struct check *c) {
    static const uint32_t cols[] = {1, 2, 3, 40, 41, 257, 1023, 1024, 1025, 5003, 49152};
    static const uint32_t top_k[] = {1, 2, 3, 40, 63, 1000, 1024, 5000, 0};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++)
        for (size_t k = 0; k < sizeof top_k / sizeof *top_k; k++)
            for (int kind = 0; kind < 4; kind++) {
                if (!check_begin(c, "draw from %u top-k %u kind %d", cols[i], top_k[k], kind))
                    continue;
                float *logits = check_floats(c, CHECK_NORMAL, cols[i]);
                for (uint32_t j = 0; j < cols[i]; j++) {
                    if (kind & 1) logits[j] = roundf(logits[j] * 2); /* many equal ones */
                    logits[j] *= kind & 2 ? 4 : 1;
                }
                run(c, logits, cols[i],
                    settings(c, top_k[k], 0.2f + 0.5f * (float)kind, kind & 2 ? 0.9f : 1,
                             kind & 1 ? 0.05f : 0));
            }
}

/* Equal, huge, denormal, of both zeros; settings at the ends of what they may be. */
static void edges(struct check *c) {
    enum { COLS = 600 };
    static const float value[][2] = {{0, 0},          {0.0f, -0.0f},     {-5, -5},
                                     {3e38f, -3e38f}, {1e-42f, -1e-42f}, {1e-42f, 2e-42f},
                                     {88, -88}};
    static const struct {
        float heat, top_p, min_p;
    } set[] = {{1, 1, 0},    {1e-5f, 1, 0}, {1e-6f, 1, 0}, {1e30f, 1, 0},
               {1, 0, 0},    {1, 1e-9f, 0}, {1, 0.5f, 0},  {1, 0.9999999f, 1e-9f},
               {0.7f, 1, 1}, {NAN, 1, 0},   {-1, 1, 0}};
    for (size_t v = 0; v < sizeof value / sizeof *value; v++)
        for (size_t s = 0; s < sizeof set / sizeof *set; s++) {
            if (!check_begin(c, "edge of %g %g, temperature %g top-p %g min-p %g",
                             (double)value[v][0], (double)value[v][1], (double)set[s].heat,
                             (double)set[s].top_p, (double)set[s].min_p))
                continue;
            float *logits = check_floats(c, CHECK_ZEROS, COLS);
            for (int i = 0; i < COLS; i++) logits[i] = value[v][check_below(c, 2)];
            run(c, logits, COLS, settings(c, 50, set[s].heat, set[s].top_p, set[s].min_p));
        }
}

static void bad_logits(struct check *c) {
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 4; i++)
        for (int heat = 0; heat < 2; heat++) {
            if (!check_begin(c, "bad %d temperature %d", i, heat)) continue;
            float *logits = check_floats(c, CHECK_NORMAL, 3001);
            logits[check_below(c, 3001)] = bad[i];
            run(c, logits, 3001, settings(c, 40, (float)heat, 1, 0));
        }
}

/* --- many tokens ------------------------------------------------------------------------------ */

enum { DRAWS = 20480, AT_ONCE = 128, WORDS = 60 };

/* Tokens of n counters from step->counter on, as the device draws them. */
static uint32_t *draw_many(struct check *c, const char *only, const float *logits, uint32_t cols,
                           const struct step *step, uint32_t n) {
    const struct vd_span tokens = check_scratch(c, "tokens", TOKEN_RING * 4);
    const struct op_sample op = {
        .logits = check_input(c, "logits", logits, cols * 4ull),
        .ids = check_scratch(c, "ids", 4),
        .tokens = tokens,
        .step = check_input(c, "step", step, sizeof *step),
        .scratch = check_scratch(c, "scratch", op_sample_scratch_bytes(cols)),
        .cols = cols,
    };
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, c->gpu);
    list.only = only;
    for (int i = 0; i < AT_ONCE; i++) op_sample(&list, &op);
    if (gpu_program_record(&list, c->name, &p) != VIDI_OK) check_die(c, "record");
    uint32_t *all = check_bytes(c, n * 4ull), ring[TOKEN_RING];
    for (uint32_t i = 0; i < n; i += AT_ONCE) {
        if (gpu_run(p) != VIDI_OK) check_die(c, "run");
        if (gpu_download(c->gpu, ring, tokens, sizeof ring) != VIDI_OK) check_die(c, "download");
        for (uint32_t j = 0; j < AT_ONCE; j++)
            all[i + j] = ring[(step->counter + i + j) % TOKEN_RING];
    }
    gpu_program_free(c->gpu, p);
    gpu_list_close(&list);
    return all;
}

/* What chi-square with n degrees of freedom exceeds once in a million (Wilson and Hilferty). */
static double chi_bound(uint32_t n) {
    const double a = 2 / (9.0 * n);
    return n * pow(1 - a + 4.753 * sqrt(a), 3);
}

/* Chi-square of counts against softmax(logits / heat) over the candidates, over its bound. Those
 * expected less than 8 times share a class. */
static double surprise(const struct ref_candidate *all, uint32_t n, double heat,
                       const uint32_t *tokens) {
    double whole = 0, rest_want = 0, rest_got = 0, chi = 0;
    uint32_t classes = 0;
    for (uint32_t i = 0; i < n; i++) whole += exp((all[i].logit - all[0].logit) / heat);
    for (uint32_t i = 0; i < n; i++) {
        const double want = exp((all[i].logit - all[0].logit) / heat) / whole * DRAWS;
        double got = 0;
        for (uint32_t t = 0; t < DRAWS; t++) got += tokens[t] == all[i].id;
        if (want < 8)
            rest_want += want, rest_got += got;
        else
            chi += (got - want) * (got - want) / want, classes++;
    }
    if (rest_want > 0)
        chi += (rest_got - rest_want) * (rest_got - rest_want) / rest_want, classes++;
    return chi / chi_bound(classes - 1);
}

/* Tokens of one setting: each as the reference draws it, all together as often as they should be,
 * and neither with another seed or temperature. */
static void judge_draws(struct check *c, const float *logits, struct step step,
                        const uint32_t *tokens) {
    struct ref_candidate all[WORDS];
    bool same = true, seedless = true;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct step other = step;
        step.counter = other.counter = i;
        other.seed_low ^= 1;
        same &= tokens[i] == ref_sample(logits, WORDS, &step, all);
        seedless &= tokens[i] == ref_sample(logits, WORDS, &other, all);
    }
    report(c, same, "a draw is not the reference's");
    report(c, !seedless, "the seed does not matter");
    const uint32_t n = ref_candidates(logits, WORDS, &step, all);
    const double right = surprise(all, n, step.temperature, tokens);
    const double wrong = surprise(all, n, step.temperature * 1.4, tokens);
    if (c->options.verbose) printf("chi-square over its bound: %.3f, twin %.3f\n", right, wrong);
    report(c, right <= 1, "the frequencies are not those of the distribution");
    report(c, wrong > 1, "a wrong twin's distribution fits as well");
}

static void frequencies(struct check *c) {
    static const struct step steps[] = {
        {.top_k = 0, .temperature = 1, .top_p = 1},
        {.top_k = 40, .temperature = 0.8f, .top_p = 0.95f, .min_p = 0.02f},
        {.top_k = 8, .temperature = 1.7f, .top_p = 1, .min_p = 0.1f},
    };
    for (uint32_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const char *kernel = kernels[i % 2];
        struct step step = steps[i];
        if (!check_can_run(c, check_kernel(kernel, NULL))) continue;
        if (!check_begin(c, "frequencies of set %u, %s", i, kernel)) continue;
        const float *logits = check_floats(c, CHECK_NORMAL, WORDS);
        step.rows = 1;
        step.seed_low = 20;
        step.seed_high = i;
        judge_draws(c, logits, step, draw_many(c, kernel, logits, WORDS, &step, DRAWS));
    }
}

/* --- many tokens of large vocabularies ---------------------------------------------------------
 */

struct likely {
    uint32_t id;
    double share;
};

static int likelier(const void *left, const void *right) {
    const struct likely *a = left, *b = right;
    if (a->share != b->share) return a->share > b->share ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static double sum_of(const struct likely *all, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += all[i].share;
    return sum;
}

/* All tokens, the likeliest first, with exact probabilities after top-k, top-p, min-p and
 * temperature: from their definitions, not from the twin. */
static struct likely *exact_shares(struct check *c, const float *logits, uint32_t cols,
                                   const struct step *s, uint32_t top_k) {
    struct likely *all = check_bytes(c, cols * sizeof *all);
    float best = logits[0];
    for (uint32_t i = 0; i < cols; i++) best = fmaxf(best, logits[i]);
    for (uint32_t i = 0; i < cols; i++) all[i] = (struct likely){i, exp((double)logits[i] - best)};
    qsort(all, cols, sizeof *all, likelier);
    uint32_t n = top_k && top_k < cols ? top_k : cols, keep = 0;
    const double enough = s->top_p >= 1 ? INFINITY : (double)s->top_p * sum_of(all, n);
    for (double sum = 0; keep < n && (keep == 0 || sum < enough); keep++) sum += all[keep].share;
    while (keep > 1 && all[keep - 1].share < (double)s->min_p) keep--;
    for (uint32_t i = 0; i < cols; i++)
        all[i].share = i < keep ? pow(all[i].share, 1 / (double)s->temperature) : 0;
    const double whole = sum_of(all, keep);
    for (uint32_t i = 0; i < keep; i++) all[i].share /= whole;
    return all;
}

static int lower_id(const void *left, const void *right) {
    const struct likely *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Chi-square over its bound, of neighbours in this order that share a class of 32 draws or more.
 * Infinite where a token was drawn that cannot be. */
static double apart_from(const struct likely *all, uint32_t cols, const uint32_t *drawn,
                         uint32_t draws) {
    double want = 0, got = 0, chi = 0;
    uint32_t classes = 0;
    for (uint32_t i = 0; i < cols; i++) {
        if (all[i].share == 0 && drawn[all[i].id]) return INFINITY;
        want += all[i].share * draws, got += drawn[all[i].id];
        if (want < 32 && i + 1 < cols) continue;
        if (want > 0) chi += (got - want) * (got - want) / want, classes++;
        want = got = 0;
    }
    return classes > 1 ? chi / chi_bound(classes - 1) : INFINITY;
}

/* Against the exact probabilities, by rank and by id; what only 1024 would be left of is no fit. */
static void judge_large(struct check *c, const float *logits, uint32_t cols,
                        const struct step *step, const uint32_t *tokens, uint32_t n) {
    uint32_t *drawn = check_bytes(c, cols * 4ull);
    for (uint32_t i = 0; i < n; i++) drawn[tokens[i] % cols]++;
    struct likely *all = exact_shares(c, logits, cols, step, step->top_k);
    const double by_rank = apart_from(all, cols, drawn, n);
    qsort(all, cols, sizeof *all, lower_id);
    const double by_id = apart_from(all, cols, drawn, n);
    const struct likely *few = exact_shares(c, logits, cols, step, REF_SORTED);
    const double twin = apart_from(few, cols, drawn, n);
    if (c->options.verbose)
        printf("chi-square over its bound: %.3f by rank, %.3f by id\n", by_rank, by_id);
    report(c, by_rank <= 1 && by_id <= 1, "the frequencies are not those of the distribution");
    report(c, twin > 1, "the distribution of 1024 candidates fits as well");
}

static void large_vocabularies(struct check *c) {
    static const struct {
        uint32_t cols, draws;
        struct step step;
    } sets[] = {
        {32000, 2048, {.temperature = 3, .top_p = 1}},
        {32000, 2048, {.temperature = 3, .top_p = 0.9f}},
        {32000, 2048, {.temperature = 3, .top_p = 1, .min_p = 0.01f}},
        {32000, 2048, {.temperature = 3, .top_p = 1, .top_k = 5000}},
        {32000, 2048, {.temperature = 3, .top_p = 0.8f, .top_k = 20000, .min_p = 0.002f}},
        {150000, 1024, {.temperature = 3, .top_p = 1}},
        {150000, 1024, {.temperature = 3, .top_p = 0.95f}},
    };
    for (uint32_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const uint32_t cols = sets[i].cols, n = sets[i].draws;
        struct step step = sets[i].step;
        if (!check_begin(c, "frequencies among %u, top-k %u top-p %g min-p %g", cols, step.top_k,
                         (double)step.top_p, (double)step.min_p))
            continue;
        const float *logits = check_floats(c, CHECK_NORMAL, cols);
        step.rows = 1, step.seed_low = 77 + i;
        const char *only = check_can_run(c, check_kernel(kernels[0], NULL)) ? kernels[0] : NULL;
        judge_large(c, logits, cols, &step, draw_many(c, only, logits, cols, &step, n), n);
    }
}

/* Known answers, published with the generator. */
static void philox(struct check *c) {
    static const uint32_t known[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    if (!check_begin(c, "known answers of Philox")) return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        ref_philox(known[i], known[i] + 4, out);
        report(c, memcmp(out, known[i] + 6, sizeof out) == 0, "a known answer is another");
    }
}

/* With 1024 equal logits the token is the first ten bits of the generator's first word. */
static void philox_on_device(struct check *c) {
    static const uint32_t seeds[][3] = {{0, 0, 0},       {0, 0, 1},
                                        {1, 0, 0},       {0, 1, 0},
                                        {~0u, ~0u, ~0u}, {0xa4093822, 0x299f31d0, 0x243f6a88}};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        if (!check_begin(c, "bits of seed %08x %08x counter %08x", seeds[i][0], seeds[i][1],
                         seeds[i][2]))
            continue;
        struct ref_candidate *work = check_bytes(c, 1024 * sizeof *work);
        const struct step step = {.rows = 1,
                                  .counter = seeds[i][2],
                                  .temperature = 1,
                                  .top_p = 1,
                                  .seed_low = seeds[i][0],
                                  .seed_high = seeds[i][1]};
        const float *logits = check_floats(c, CHECK_ZEROS, 1024);
        uint32_t out[4];
        ref_philox((const uint32_t[4]){step.counter}, seeds[i], out);
        report(c, ref_sample(logits, 1024, &step, work) == out[0] >> 22, "not the first ten bits");
        run(c, logits, 1024, step);
    }
}

/* Two equal logits, and seeds whose draw falls on the border: it belongs to the second. */
static void border(struct check *c) {
    static const uint32_t seeds[][2] = {{1, 241083}, {2, 580941}, {2, 3561086}};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        if (!check_begin(c, "border of seed %u counter %u", seeds[i][0], seeds[i][1])) continue;
        struct ref_candidate work[2];
        const float logits[2] = {0.5f, 0.5f};
        const struct step step = {.rows = 1,
                                  .counter = seeds[i][1],
                                  .temperature = 1,
                                  .top_p = 1,
                                  .seed_low = seeds[i][0]};
        report(c, ref_sample(logits, 2, &step, work) == 1, "the border is not the second's");
        run(c, logits, 2, step);
    }
}

static void cases(struct check *c) {
    philox(c);
    border(c);
    philox_on_device(c);
    largest(c);
    draws_of_many_sizes(c);
    edges(c);
    bad_logits(c);
    frequencies(c);
    large_vocabularies(c);
}

static void bench(struct check *c) {
    static const uint32_t cols[] = {4096, 49152, 151936};
    for (int i = 0; i < 6; i++) {
        const uint32_t n = cols[i / 2];
        if (!check_begin(c, "%u logits, %s", n, i % 2 ? "draw" : "largest")) continue;
        const struct step step = {
            .rows = 1, .top_k = 40, .temperature = i % 2, .top_p = 0.95f, .min_p = 0.05f};
        const struct op_sample op = {
            .logits = check_input(c, "logits", check_floats(c, CHECK_NORMAL, n), n * 4ull),
            .ids = check_scratch(c, "ids", 4),
            .tokens = check_scratch(c, "tokens", TOKEN_RING * 4),
            .step = check_input(c, "step", &step, sizeof step),
            .scratch = check_scratch(c, "scratch", op_sample_scratch_bytes(n)),
            .cols = n,
        };
        check_bench(c, append, &op, sizeof op, 1);
    }
}

const struct check_group check_group_sample = {"sample", kernels, cases, bench, NULL};

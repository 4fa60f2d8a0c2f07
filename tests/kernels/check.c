#include "check_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define CHECK_GROUP(stem) extern const struct check_group check_group_##stem;
#include "check_groups.h"
#undef CHECK_GROUP

static const struct check_group *const groups_found[] = {
#define CHECK_GROUP(stem) &check_group_##stem,
#include "check_groups.h"
};
enum { N_GROUPS = sizeof groups_found / sizeof groups_found[0] };

static const char usage[] =
    "check_kernels [options]: every kernel against its plain-C reference\n"
    "  --filter TEXT    only cases whose \"op: case\" contains TEXT\n"
    "  --device NAME    part of a device's name, or its index\n"
    "  --seed N         of the random numbers (printed at the start)\n"
    "  --validate       with the validation layer; its messages are failures\n"
    "  --every          a pipeline for every size of a head: minutes on a CPU driver\n"
    "  --list           name the groups and their kernels\n"
    "  --bench [--json] time the listed shapes instead\n"
    "  --ms N           milliseconds spent on one timing (200)\n"
    "  --verbose        one line a case\n";

static bool take_flag(const char *arg, struct check_options *o) {
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--bench", &o->bench},       {"--json", &o->json},       {"--list", &o->list},
        {"--validate", &o->validate}, {"--verbose", &o->verbose}, {"--every", &o->every},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(arg, flags[i].name) != 0) continue;
        *flags[i].flag = true;
        return true;
    }
    return false;
}

static bool take_value(const char *arg, const char *value, struct check_options *o) {
    if (!value) return false;
    if (strcmp(arg, "--filter") == 0)
        o->filter = value;
    else if (strcmp(arg, "--device") == 0)
        o->device = value;
    else if (strcmp(arg, "--seed") == 0)
        o->seed = strtoull(value, NULL, 0);
    else if (strcmp(arg, "--ms") == 0)
        o->bench_ms = strtod(value, NULL);
    else
        return false;
    return true;
}

static bool parse(int argc, char **argv, struct check_options *o) {
    *o = (struct check_options){.seed = 1, .bench_ms = 200};
    for (int i = 1; i < argc; i++) {
        if (take_flag(argv[i], o)) continue;
        if (!take_value(argv[i], i + 1 < argc ? argv[i + 1] : NULL, o)) return false;
        i++;
    }
    return true;
}

static const char *const *group_kernels(const struct check_group *g) {
    static const char *const none[] = {NULL};
    return g->kernels ? g->kernels : g->covers ? g->covers : none;
}

static void list_groups(void) {
    for (int i = 0; i < N_GROUPS; i++) {
        printf("%s:", groups_found[i]->op);
        for (const char *const *k = group_kernels(groups_found[i]); *k; k++) {
            const struct kernel *kernel = check_kernel(*k, NULL);
            printf(" %s(%u)", *k, kernel ? kernel->n_variants : 0);
        }
        printf("\n");
    }
}

static void fail_group(struct check *c, const char *what, const char *kernel, const char *variant) {
    c->failed++;
    printf("FAIL %s: %s%s%s %s\n", c->group->op, kernel, variant[0] ? "." : "", variant, what);
}

/* Lines of one kernel; what never ran is a failure unless a filter hid it. */
static void report_kernel(struct check *c, const char *name) {
    uint32_t index;
    const struct kernel *k = check_kernel(name, &index);
    if (!k) {
        fail_group(c, "is not in the kernel table", name, "");
        return;
    }
    for (uint32_t v = 0; v < k->n_variants; v++) {
        const struct check_score *s = &c->scores[index * CHECK_MAX_VARIANTS + v];
        const char *variant = k->variants[v].name, *dot = variant[0] ? "." : "";
        if (s->runs)
            printf("  %s%s%s: %u runs, %u failed, worst used/allowed %.3f\n", name, dot, variant,
                   s->runs, s->failures, s->worst);
        else if (!check_can_run(c, k))
            c->skipped++, printf("  %s%s%s: skipped, not on this device\n", name, dot, variant);
        else if (!c->options.filter)
            fail_group(c, "was never run", name, variant);
    }
}

static void run_group(struct check *c, const struct check_group *g) {
    c->group = g;
    c->had_twin = false;
    if (c->options.bench) {
        if (g->bench) g->bench(c);
        return;
    }
    const uint32_t before = c->passed + c->failed;
    g->cases(c);
    if (c->options.filter && c->passed + c->failed == before) return;
    printf("%s: %u results\n", g->op, c->passed + c->failed - before);
    for (const char *const *k = group_kernels(g); *k; k++) report_kernel(c, *k);
    if (!c->had_twin && !c->options.filter) fail_group(c, "no case had a wrong twin", "", "");
}

static void log_line(void *user, int level, const char *line) {
    (void)user;
    if (level <= VD_LOG_WARN) fprintf(stderr, "%s\n", line);
}

static void open_device(struct check *c) {
    const struct gpu_config cfg = {.device = c->options.device, .validate = c->options.validate};
    if (gpu_open(&c->ctx, &cfg, &c->gpu) != VIDI_OK) check_die(c, "no device");
    c->scores = calloc((size_t)kernel_count * CHECK_MAX_VARIANTS, sizeof *c->scores);
    if (!c->scores) check_die(c, "no memory");
    FILE *to = c->options.json ? stderr : stdout;
    fprintf(to, "device: %s (%s), seed %llu\n", gpu_caps(c->gpu)->name, gpu_caps(c->gpu)->driver,
            (unsigned long long)c->options.seed);
}

int main(int argc, char **argv) {
    static struct check c;
    if (!parse(argc, argv, &c.options)) {
        fputs(usage, stderr);
        return 2;
    }
    if (c.options.list) {
        list_groups();
        return 0;
    }
    c.ctx.log = log_line;
    setvbuf(stdout, NULL, _IOLBF, 0);
    arena_open(&c.arena, &c.ctx);
    open_device(&c);
    for (int i = 0; i < N_GROUPS; i++) run_group(&c, groups_found[i]);
    if (gpu_counters(c.gpu).validation_messages) c.failed++, printf("FAIL validation spoke\n");
    check_drop_buffers(&c);
    gpu_close(c.gpu);
    arena_close(&c.arena);
    free(c.scores);
    if (!c.options.bench)
        printf("%u passed, %u failed, %u skipped\n", c.passed, c.failed, c.skipped);
    return c.failed > 0;
}

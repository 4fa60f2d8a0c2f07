#include <stdio.h>

#include "document.h"
#include "table.h"

static void print_summary(struct out *out, const json_t *d, const vidi_bench_config *cfg) {
    static const char *const columns[] = {"", ">", "", NULL};
    const struct {
        const char *title, *key, *unit;
        int of;
    } rows[] = {
        {"load", "load_ms", "ms", 0},
        {"picture", "image_ms", "ms", 0},
        {"prompt", "prompt_tokens_s", "tokens/s", cfg->n_prompt},
        {"answer", "answer_tokens_s", "tokens/s", cfg->n_answer},
        {"copy", "copy_gb_s", "GB/s", 0},
        {"multiply-add", "gflop_s", "GFLOP/s", 0},
        {"a token", "dispatches_per_token", "dispatches", 0},
        {"", "barriers_per_token", "barriers", 0},
        {"", "submissions_per_token", "submissions", 0},
        {"", "recordings_per_token", "recordings", 0},
        {"", "allocations_per_token", "allocations", 0},
    };
    static const char *const programs[][2] = {{"decoder", "per_token"}, {"eyes", "per_picture"}};
    struct table t;
    table_open(&t, columns);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_cell(&t, "%s", rows[i].title);
        table_cell(&t, "%.4g", document_number(d, rows[i].key, 0));
        if (rows[i].of)
            table_cell(&t, "%s (%d tokens)", rows[i].unit, rows[i].of);
        else
            table_cell(&t, "%s", rows[i].unit);
    }
    for (size_t i = 0; i < 2; i++) {
        const json_t *p = json_object_get(d, programs[i][1]);
        if (document_number(p, "layers", 0) == 0) continue;
        table_cell(&t, "a layer of its %s", programs[i][0]);
        table_cell(&t, "%.0f", document_number(p, "dispatches_per_layer", 0));
        table_cell(&t,
                   "dispatches, %.0f barriers (%.0f and %.0f in %.0f layers and what is around)",
                   document_number(p, "barriers_per_layer", 0), document_number(p, "dispatches", 0),
                   document_number(p, "barriers", 0), document_number(p, "layers", 0));
    }
    static const char *const memory[][2] = {{"device memory", "device_bytes"},
                                            {"host memory", "host_peak_bytes"}};
    for (size_t i = 0; i < 2; i++) {
        char text[32];
        table_cell(&t, "%s", memory[i][0]);
        text_bytes(text, sizeof text, document_number(d, memory[i][1], 0));
        int n = 0;
        while (text[n] && text[n] != ' ') n++;
        table_cell(&t, "%.*s", n, text);
        table_cell(&t, "%s%s", text[n] ? text + n + 1 : "", i ? " at the peak" : "");
    }
    table_print(&t, out, "  ");
}

static void print_ops(struct out *out, const json_t *d) {
    static const char *const columns[] = {"phase",    "kernel",  "variant", ">count",
                                          ">ms",      ">MB",     ">GB/s",   ">% copy",
                                          ">GFLOP/s", ">% peak", ">% roof", NULL};
    static const struct {
        const char *key;
        int digits; /* after the point */
        double unit;
    } numbers[] = {{"count", 0, 1},         {"ms", 3, 1},           {"bytes", 2, 1e6},
                   {"gb_s", 1, 1},          {"percent_copy", 0, 1}, {"gflop_s", 1, 1},
                   {"percent_flops", 0, 1}, {"percent_roof", 0, 1}};
    json_t *ops = json_object_get(d, "ops"), *op;
    size_t i;
    if (json_array_size(ops) == 0) return;
    struct table t;
    table_open(&t, columns);
    json_array_foreach(ops, i, op) {
        table_cell(&t, "%s", document_text(op, "phase", ""));
        table_cell(&t, "%s", document_text(op, "kernel", ""));
        table_cell(&t, "%s", document_text(op, "variant", ""));
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            table_cell(&t, "%.*f", numbers[k].digits,
                       document_number(op, numbers[k].key, 0) / numbers[k].unit);
        }
    }
    out_print(out, "\n");
    table_print(&t, out, "");
}

static void print_bench(struct out *out, const json_t *d, const vidi_bench_config *cfg) {
    out_bold(out);
    out_print(out, "%s", document_text(d, "model", "?"));
    out_plain(out);
    out_print(out, " on %s (%s), the median of %d\n\n", document_text(d, "device", "?"),
              document_text(d, "driver", "?"), cfg->repeats);
    print_summary(out, d, cfg);
    print_ops(out, d);
}

/* One measurement with a device and model of its own; NULL: complained, *code tells. */
static json_t *measure(struct cli *cli, const vidi_bench_config *cfg, int *code) {
    const struct options *opt = &cli->opt;
    const char *argument = opt->rest.n > 0 ? opt->rest.items[0] : NULL;
    struct session s = {0};
    char *text = NULL;
    json_t *d = NULL;
    *code = session_device(cli, &s);
    if (*code == CLI_OK) *code = session_model(cli, &s, session_model_path(cli, argument));
    if (*code == CLI_OK) {
        const vidi_status status = vidi_bench(s.m, cfg, &text);
        if (status == VIDI_OK)
            d = document_read(cli, &s, text, code);
        else
            *code = session_fail(cli, &s, STAGE_RUN, status);
    }
    session_close(&s);
    return d;
}

/* Timestamps cost time themselves, so what the kernels took comes from a second run. */
static int add_ops(struct cli *cli, json_t *d, vidi_bench_config cfg) {
    const char *given = cli->opt.debug;
    char debug[256];
    const int n =
        snprintf(debug, sizeof debug, "profile%s%s", given ? "," : "", given ? given : "");
    if (n >= (int)sizeof debug) return cli_fail(cli, CLI_USAGE, "--debug is too long");
    cli->opt.debug = debug;
    cfg.repeats = 1;
    int code;
    json_t *profiled = measure(cli, &cfg, &code);
    cli->opt.debug = given;
    if (profiled) json_object_set(d, "ops", json_object_get(profiled, "ops"));
    json_decref(profiled);
    return code;
}

int cmd_bench(struct cli *cli) {
    const struct options *opt = &cli->opt;
    const vidi_bench_config cfg = {
        .n_prompt = opt->n_prompt ? opt->n_prompt : 128,
        .n_answer = opt->n_answer ? opt->n_answer : 64,
        .repeats = opt->repeats ? opt->repeats : 5,
    };
    int code;
    json_t *d = measure(cli, &cfg, &code);
    if (d) code = add_ops(cli, d, cfg);
    progress_erase(&cli->progress);
    if (code == CLI_OK && opt->json)
        code = document_print(cli, json_incref(d));
    else if (code == CLI_OK)
        print_bench(&cli->out, d, &cfg);
    json_decref(d);
    return code;
}

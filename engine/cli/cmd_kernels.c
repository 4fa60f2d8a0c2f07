#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "suggest.h"
#include "table.h"

static const char *use_text(const json_t *kernel) {
    const json_t *usable = json_object_get(kernel, "usable");
    return json_is_true(usable) ? "runs" : json_is_false(usable) ? "not here" : "";
}

static void print_table(struct out *out, const json_t *d) {
    static const char *const columns[] = {"kernel", "", "variants", "needs", "purpose", NULL};
    json_t *kernels = json_object_get(d, "kernels"), *k;
    char text[300];
    size_t i;
    struct table t;
    table_open(&t, columns);
    json_array_foreach(kernels, i, k) {
        table_cell(&t, "%s", document_text(k, "name", "?"));
        table_cell(&t, "%s", use_text(k));
        document_join(text, sizeof text, json_object_get(k, "variants"), "name");
        table_cell(&t, "%s", text);
        document_join(text, sizeof text, json_object_get(k, "needs"), NULL);
        table_cell(&t, "%s", text);
        table_cell(&t, "%s", document_text(k, "purpose", ""));
    }
    out_bold(out);
    out_print(out, "%zu kernels on %s", json_array_size(kernels),
              document_text(d, "device", "no device"));
    out_plain(out);
    out_print(out, "\n\n");
    table_print(&t, out, "");
}

/* Any small JSON value as text, without the quotes of a string. */
static void plain_value(char *dst, size_t cap, const json_t *value) {
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    const char *words = text ? text : json_string_value(value);
    snprintf(dst, cap, "%s", words ? words : "");
    free(text);
}

/* Rows of the op that the kernel does, as a new array; NULL: no row names the kernel. */
static json_t *rows_about(const json_t *d, const char *name) {
    json_t *all = json_object_get(d, "tuning"), *row, *about = NULL;
    const char *op = NULL;
    size_t i;
    json_array_foreach(all, i, row) if (strcmp(document_text(row, "kernel", ""), name) == 0) op =
        document_text(row, "op", "");
    json_array_foreach(all, i, row) {
        if (!op || strcmp(document_text(row, "op", ""), op) != 0) continue;
        if (!about) about = json_array();
        json_array_append(about, row);
    }
    return about;
}

/* What became of a row on this device. */
static void outcome(char *dst, size_t cap, const json_t *row) {
    char words[200];
    const json_t *won = json_object_get(row, "wins"), *lost = json_object_get(row, "loses"),
                 *first = json_array_get(lost, 0);
    snprintf(dst, cap, "%s", json_is_null(won) ? "" : "for none of these shapes");
    document_join(words, sizeof words, json_object_get(row, "lacks"), NULL);
    if (words[0]) {
        snprintf(dst, cap, "lacks %s", words);
        return;
    }
    document_join(words, sizeof words, won, NULL);
    if (words[0])
        snprintf(dst, cap, "wins: %s", words);
    else if (first)
        snprintf(dst, cap, "row %.0f comes before it", document_number(first, "row", 0));
}

static void print_tuning(struct out *out, const json_t *d, const char *name) {
    static const char *const columns[] = {">row", "kernel", "here", "shape", "values", "why", NULL};
    static const char *const keys[] = {"shape", "values", "why"};
    json_t *rows = rows_about(d, name), *row;
    char text[300];
    size_t i;
    struct table t;
    if (!rows) {
        out_print(out, "\nNo tuning row names it: of its op, the first kernel that the device can "
                       "run is taken.\n");
        return;
    }
    table_open(&t, columns);
    json_array_foreach(rows, i, row) {
        table_cell(&t, "%.0f", document_number(row, "row", 0));
        table_cell(&t, "%s", document_text(row, "kernel", ""));
        outcome(text, sizeof text, row);
        table_cell(&t, "%s", text);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            plain_value(text, sizeof text, json_object_get(row, keys[k]));
            table_cell(&t, "%s", text);
        }
    }
    out_print(out, "\nOf its op's %zu tuning rows the first that fits device and shape wins:\n\n",
              json_array_size(rows));
    table_print(&t, out, "");
    json_decref(rows);
}

static void print_why(struct out *out, const json_t *d, const json_t *k) {
    static const char *const columns[] = {"", "", NULL};
    const char *name = document_text(k, "name", "?");
    char text[400];
    struct table t;
    table_open(&t, columns);
    static const char *const lists[][3] = {
        {"variants", "variants", "name"}, {"needs", "needs", NULL}, {"bindings", "bindings", NULL}};
    for (size_t i = 0; i < 3; i++) {
        document_join(text, sizeof text, json_object_get(k, lists[i][1]), lists[i][2]);
        if (!text[0]) continue;
        table_cell(&t, "%s", lists[i][0]);
        table_cell(&t, "%s", text);
    }
    table_cell(&t, "push");
    table_cell(&t, "%.0f bytes", document_number(k, "push_bytes", 0));
    json_t *specs = json_object_get(k, "specs"), *value;
    const char *key;
    json_object_foreach(specs, key, value) {
        plain_value(text, sizeof text, value);
        table_cell(&t, "spec");
        table_cell(&t, "%s = %s", key, text);
    }
    out_bold(out);
    out_print(out, "%s", name);
    out_plain(out);
    out_print(out, "  %s\n", document_text(k, "purpose", ""));
    const bool usable = json_is_true(json_object_get(k, "usable"));
    const char *device = document_text(d, "device", NULL);
    if (device && usable) out_print(out, "runs on %s\n", device);
    document_join(text, sizeof text, json_object_get(k, "lacks"), NULL);
    if (device && !usable) out_print(out, "does not run on %s: it lacks %s\n", device, text);
    out_print(out, "\n");
    table_print(&t, out, "  ");
    print_tuning(out, d, name);
}

static json_t *find(const json_t *d, const char *name, struct suggestion *s) {
    json_t *kernels = json_object_get(d, "kernels"), *k;
    size_t i;
    suggest_start(s, name);
    json_array_foreach(kernels, i, k) {
        const char *other = document_text(k, "name", "");
        if (strcmp(other, name) == 0) return k;
        suggest_offer(s, other);
    }
    return NULL;
}

static int print_kernels(struct cli *cli, const json_t *d) {
    if (!cli->opt.why) {
        print_table(&cli->out, d);
        return CLI_OK;
    }
    struct suggestion s;
    json_t *kernel = find(d, cli->opt.why, &s);
    if (kernel && cli->opt.json) {
        json_t *rows = rows_about(d, cli->opt.why);
        return document_print(cli,
                              json_pack("{s:O, s:O, s:o}", "device", json_object_get(d, "device"),
                                        "kernel", kernel, "tuning", rows ? rows : json_array()));
    }
    if (kernel) {
        print_why(&cli->out, d, kernel);
        return CLI_OK;
    }
    if (s.best[0])
        return cli_fail(cli, CLI_USAGE, "there is no kernel %.80s; did you mean %s?", cli->opt.why,
                        s.best);
    return cli_fail(cli, CLI_USAGE, "there is no kernel %.80s; `vidi kernels` lists them",
                    cli->opt.why);
}

/* The device asked for; when none was asked for and there is none, the table alone. */
static int open_device_or_bare(struct cli *cli, struct session *s) {
    if (cli->opt.device) return session_device(cli, s);
    const vidi_config cfg = session_config(cli);
    const vidi_status status = vidi_open(&cfg, &s->v);
    if (status == VIDI_OK) return CLI_OK;
    if (status != VIDI_E_DEVICE) return session_fail(cli, s, STAGE_DEVICE, status);
    if (cli->opt.verbose) cli_note(cli, "%s", vidi_error(s->v));
    session_close(s);
    return session_bare(cli, s);
}

int cmd_kernels(struct cli *cli) {
    struct session s = {0};
    char *text = NULL;
    int code = open_device_or_bare(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status = vidi_kernels(s.v, &text);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_RUN, status);
    }
    if (code == CLI_OK && cli->opt.json && !cli->opt.why) {
        code = document_pass(cli, &s, text);
    } else if (code == CLI_OK) {
        json_t *d = document_read(cli, &s, text, &code);
        if (d) code = print_kernels(cli, d);
        json_decref(d);
    }
    session_close(&s);
    return code;
}

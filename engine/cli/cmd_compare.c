#include <math.h>
#include <stdio.h>
#include <string.h>

#include "document.h"
#include "table.h"

/* "index: a and b" of the element that differs most. */
static void worst_text(char *dst, size_t cap, const json_t *tensor) {
    const json_t *worst = json_object_get(tensor, "worst");
    dst[0] = '\0';
    if (json_array_size(worst) != 3) return;
    snprintf(dst, cap, "[%.0f] %.6g and %.6g", json_number_value(json_array_get(worst, 0)),
             json_number_value(json_array_get(worst, 1)),
             json_number_value(json_array_get(worst, 2)));
}

/* Not a number (JSON has none) when a value is not finite in one of the two only. */
static bool differs(const json_t *tensor, double limit) {
    const json_t *nmse = json_object_get(tensor, "nmse");
    return !json_is_number(nmse) || !(json_number_value(nmse) <= limit);
}

static void print_tensors(struct cli *cli, const json_t *d, bool all) {
    static const char *const columns[] = {"tensor", ">count", ">nmse", ">max difference",
                                          "worst",  "",       NULL};
    json_t *tensors = json_object_get(d, "tensors"), *tensor;
    const char *first = document_text(d, "first_difference", "");
    char worst[96];
    size_t i;
    struct table t;
    table_open(&t, columns);
    json_array_foreach(tensors, i, tensor) {
        const char *name = document_text(tensor, "name", "?");
        if (!all && !differs(tensor, cli->opt.limit) && strcmp(name, first) != 0) continue;
        worst_text(worst, sizeof worst, tensor);
        table_cell(&t, "%s", name);
        table_cell(&t, "%.0f", document_number(tensor, "count", 0));
        table_cell(&t, "%.3g", document_number(tensor, "nmse", NAN));
        table_cell(&t, "%.3g", document_number(tensor, "max_abs", NAN));
        table_cell(&t, "%s", worst);
        table_cell(&t, "%s", document_text(tensor, "note", ""));
    }
    if (t.n > 0) table_print(&t, &cli->out, "  ");
}

static void print_comparison(struct cli *cli, const json_t *d) {
    struct out *out = &cli->out;
    const char *first = document_text(d, "first_difference", NULL);
    json_t *missing = json_object_get(d, "missing"), *name;
    const size_t n = json_array_size(json_object_get(d, "tensors"));
    const size_t n_missing = json_array_size(missing);
    size_t i;
    char visible[256];
    out_bold(out);
    if (first)
        out_print(out, "%zu tensors compared, the first that differs is %s", n,
                  text_visible(visible, sizeof visible, first, strlen(first)));
    else if (n_missing > 0)
        out_print(out, "%zu tensors compared, in one folder only: %zu", n, n_missing);
    else
        out_print(out, "%zu tensors compared, all alike to an NMSE of %g", n, cli->opt.limit);
    out_plain(out);
    out_print(out, "\n");
    print_tensors(cli, d, cli->opt.verbose > 0);
    json_array_foreach(missing, i, name) {
        const char *text = json_string_value(name);
        out_print(
            out, "  only in one folder: %s\n",
            text_visible(visible, sizeof visible, text ? text : "?", text ? strlen(text) : 1));
    }
}

int cmd_compare(struct cli *cli) {
    const char *const *dirs = cli->opt.rest.items;
    struct session s = {0};
    char *text = NULL;
    int code = session_bare(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status = vidi_compare(s.v, dirs[0], dirs[1], cli->opt.limit, &text);
        if (status != VIDI_OK)
            code = cli_fail(cli, status == VIDI_E_MEMORY ? CLI_MEMORY : CLI_USAGE, "%s",
                            vidi_error(s.v));
    }
    json_t *d = code == CLI_OK ? document_read(cli, &s, text, &code) : NULL;
    if (d) {
        const bool same = json_is_null(json_object_get(d, "first_difference")) &&
                          json_array_size(json_object_get(d, "missing")) == 0;
        if (cli->opt.json)
            code = document_print(cli, json_incref(d));
        else
            print_comparison(cli, d);
        if (code == CLI_OK && !same) code = CLI_FAILED;
    }
    json_decref(d);
    session_close(&s);
    return code;
}

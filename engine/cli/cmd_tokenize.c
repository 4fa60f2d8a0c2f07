#include <string.h>

#include "document.h"
#include "table.h"

static void print_tokens(struct out *out, const json_t *d) {
    static const char *const columns[] = {">", "", NULL};
    json_t *ids = json_object_get(d, "ids"), *id;
    const json_t *pieces = json_object_get(d, "pieces");
    struct table t;
    size_t i;
    table_open(&t, columns);
    json_array_foreach(ids, i, id) {
        const char *piece = json_string_value(json_array_get(pieces, i));
        table_cell(&t, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
        table_cell(&t, "│%s│", piece ? piece : "");
    }
    const size_t n = json_array_size(ids);
    table_print(&t, out, "");
    out_dim(out);
    out_print(out, "%zu token%s", n, n == 1 ? "" : "s");
    out_plain(out);
    out_print(out, "\n");
}

int cmd_tokenize(struct cli *cli) {
    const struct words *rest = &cli->opt.rest;
    const char *path = session_model_path(cli, rest->n > 1 ? rest->items[0] : NULL);
    const char *words = rest->items[rest->n - 1];
    struct session s = {0};
    char *text = NULL;
    int code = session_bare(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status =
            vidi_tokenize(s.v, path, words, strlen(words), cli->opt.special, &text);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_MODEL, status);
    }
    if (code == CLI_OK && cli->opt.json) {
        code = document_pass(cli, &s, text);
    } else if (code == CLI_OK) {
        json_t *d = document_read(cli, &s, text, &code);
        if (d) print_tokens(&cli->out, d);
        json_decref(d);
    }
    session_close(&s);
    return code;
}

#include <stdio.h>
#include <string.h>

#include "document.h"
#include "table.h"
#include "target.h"

/* "WG=64 ROWS=16", in the order of the shader. */
static void join_specs(char *dst, size_t cap, json_t *specs) {
    const char *key;
    json_t *value;
    size_t used = 0;
    dst[0] = '\0';
    json_object_foreach(specs, key, value) {
        used += (size_t)snprintf(dst + used, cap - used, "%s%s=%lld", used ? " " : "", key,
                                 (long long)json_integer_value(value));
        if (used >= cap) return;
    }
}

static void print_shaders(struct out *out, const json_t *d) {
    static const char *const columns[] = {"kernel",   "variant", "constants", ">regs",   ">sgprs",
                                          ">spilled", ">and",    ">scratch",  ">shared", ">code",
                                          ">steps",   ">cycles", NULL};
    static const char *const keys[] = {"registers", "scalar_registers", "spilled", "spilled_2",
                                       "scratch",   "shared",           "code",    "steps",
                                       "cycles"};
    json_t *shaders = json_object_get(d, "shaders"), *s;
    char text[120];
    size_t i;
    struct table t;
    table_open(&t, columns);
    json_array_foreach(shaders, i, s) {
        table_cell(&t, "%s", document_text(s, "kernel", "?"));
        table_cell(&t, "%s", document_text(s, "variant", ""));
        join_specs(text, sizeof text, json_object_get(s, "specs"));
        table_cell(&t, "%s", text);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            const double number = document_number(s, keys[k], -1);
            if (number < 0)
                table_cell(&t, "-");
            else
                table_cell(&t, "%.0f", number);
        }
    }
    out_bold(out);
    out_print(out, "%zu shaders for %s", json_array_size(shaders), document_text(d, "device", "?"));
    out_plain(out);
    out_print(out, " (%s)\n\n", document_text(d, "driver", "?"));
    table_print(&t, out, "");
}

int cmd_shaders(struct cli *cli) {
    struct session s = {0};
    char *text = NULL;
    int code = cli->opt.target ? target_enter(cli) : CLI_OK;
    if (code != CLI_OK) return code;
    code = session_bare(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status = vidi_shaders(s.v, cli->opt.device, &text);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_DEVICE, status);
    }
    if (code == CLI_OK && cli->opt.json) {
        code = document_pass(cli, &s, text);
    } else if (code == CLI_OK) {
        json_t *d = document_read(cli, &s, text, &code);
        progress_erase(&cli->progress);
        if (d) print_shaders(&cli->out, d);
        json_decref(d);
    }
    session_close(&s);
    return code;
}

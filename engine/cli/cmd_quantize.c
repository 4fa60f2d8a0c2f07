#include "interrupt.h"
#include "session.h"

int cmd_quantize(struct cli *cli) {
    const struct options *o = &cli->opt;
    if (!o->to) return cli_fail(cli, CLI_USAGE, "quantize wants the file to write: -o FILE.gguf");
    if (!o->weights)
        return cli_fail(cli, CLI_USAGE, "quantize wants a type: --type q8_0, q4_0 or q4_K");
    struct session s = {0};
    const char *path = session_model_path(cli, o->rest.items[0]);
    int code = session_bare(cli, &s);
    if (code == CLI_OK) {
        const vidi_model_config cfg = {.path = path,
                                       .mmproj = o->mmproj ? o->mmproj : cli->hub.mmproj,
                                       .weights = (vidi_weights)o->weights};
        interrupt_defers();
        cli->stoppable = true;
        const vidi_status status = vidi_quantize(s.v, &cfg, o->to);
        interrupt_ends();
        progress_erase(&cli->progress);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_MODEL, status);
    }
    session_close(&s);
    return code;
}

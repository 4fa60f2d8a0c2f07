#include "cli.h"

int cmd_version(struct cli *cli) {
    out_print(&cli->out, "vidi %s\n", vidi_version());
    return CLI_OK;
}

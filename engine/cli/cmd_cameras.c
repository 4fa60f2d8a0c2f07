#include <stdio.h>
#include <string.h>

#include "document.h"
#include "viewer/source/source.h"

enum { MOST = 64 };

int cmd_cameras(struct cli *cli) {
    struct source_camera cameras[MOST];
    int n = source_list_cameras(cameras, MOST);
    if (n > MOST) n = MOST;
    json_t *list = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:i,s:s,s:s}", "number", i, "device",
                                              cameras[i].spec, "name", cameras[i].name));
    if (cli->opt.json) return document_print(cli, list);
    json_decref(list);
    for (int i = 0; i < n; i++) {
        char line[256], safe[300];
        snprintf(line, sizeof line, "camera:%-2d %-14s %s\n", i, cameras[i].spec, cameras[i].name);
        out_print(&cli->out, "%s\n", text_visible(safe, sizeof safe, line, strlen(line) - 1));
    }
    if (!n) cli_note(cli, "no camera was found");
    return CLI_OK;
}

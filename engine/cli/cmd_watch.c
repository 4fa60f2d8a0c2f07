/* Reading video takes two hundred libraries, which only the program that does it should load. In
 * that program another function of this name stands in for this one. */
#include "sibling.h"

int cmd_watch(struct cli *cli) {
    return sibling_run(cli, "vidi-watch",
                       "it is built where FFmpeg's libraries are (libavdevice-dev); `vidi ask "
                       "--batch` answers about many pictures");
}

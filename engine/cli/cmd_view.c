/* The window is a program of its own, so that this one runs where no window system is installed.
 * In that program another function of this name stands in for this one. */
#include "sibling.h"

int cmd_view(struct cli *cli) {
    return sibling_run(cli, "vidi-view",
                       "it is built where SDL2 and Pango are (libsdl2-dev, libpango1.0-dev); `vidi "
                       "chat` works without a window");
}

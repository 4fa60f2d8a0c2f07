/* display.c - how large the screen wants things, and how large the window may be. */
#include <X11/Xlib.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

static double within(double scale) { return scale >= 0.5 && scale <= 4 ? scale : 1; }

/* "Xft.dpi: 144" of the X resources, to which desktops write the scale that was chosen. */
static double scale_of_resources(void) {
    Display *d = XOpenDisplay(NULL);
    const char *all = d ? XResourceManagerString(d) : NULL;
    double dpi = 96;
    for (const char *line = all; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "Xft.dpi:", 8) == 0) dpi = strtod(line + 8, NULL);
    }
    if (d) XCloseDisplay(d);
    return within(dpi / 96);
}

/* X11 has no pixels but real ones: what they should mean is said elsewhere. */
static double scale_of_x11(void) {
    const char *gdk = getenv("GDK_SCALE");
    const double by_gdk = gdk ? within(strtod(gdk, NULL)) : 1, by_dpi = scale_of_resources();
    return by_gdk > by_dpi ? by_gdk : by_dpi;
}

double view_screen_scale(SDL_Window *w, SDL_Renderer *r) {
    const char *driver = SDL_GetCurrentVideoDriver();
    int points, pixels, other;
    if (driver && strcmp(driver, "x11") == 0) return scale_of_x11();
    SDL_GetWindowSize(w, &points, &other);
    if (SDL_GetRendererOutputSize(r, &pixels, &other) != 0 || points < 1) return 1;
    return (double)pixels / points;
}

/* Without a screen SDL may draw into memory, where nobody sees it and no key comes from. */
bool view_is_seen(void) {
    static const char *const unseen[] = {"offscreen", "dummy"};
    const char *driver = SDL_GetCurrentVideoDriver(), *asked = getenv("SDL_VIDEODRIVER");
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if ((!asked || !*asked) && driver && strcmp(driver, unseen[i]) == 0) {
            SDL_SetError("neither DISPLAY nor WAYLAND_DISPLAY leads to one");
            return false;
        }
    return true;
}

void view_first_size(const struct settings *s, int *width, int *height) {
    const char *driver = SDL_GetCurrentVideoDriver();
    SDL_Rect most;
    *width = s->width;
    *height = s->height;
    const bool untouched = s->width == SETTINGS_WIDTH && s->height == SETTINGS_HEIGHT;
    if (untouched && driver && strcmp(driver, "x11") == 0) {
        const double scale = scale_of_x11();
        *width = (int)(s->width * scale);
        *height = (int)(s->height * scale);
    }
    if (SDL_GetDisplayUsableBounds(0, &most) != 0 || most.w < 1 || most.h < 1) return;
    if (*width > most.w) *width = most.w;
    if (*height > most.h) *height = most.h;
}

/* portal.h - the desktop's file chooser through xdg-desktop-portal, the way that also works from
 * inside a sandbox.
 *
 * https://flatpak.github.io/xdg-desktop-portal, interface org.freedesktop.portal.FileChooser */
#ifndef VIEW_PORTAL_H
#define VIEW_PORTAL_H

enum portal_answer {
    PORTAL_MISSING, /* no session bus, no portal on it, or built without libportal */
    PORTAL_NONE,    /* nothing was chosen */
    PORTAL_PATH
};

/* Asks and waits; any thread but the window's. With PORTAL_PATH *path is from malloc(). */
enum portal_answer portal_open_file(const char *title, char **path);
#endif

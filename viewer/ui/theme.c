#include <string.h>

#include "ui.h"

static const struct ui_theme themes[] = {
    {.name = "dark",
     .ground = 0x15171c,
     .panel = 0x1c1f26,
     .raised = 0x282d37,
     .border = 0x363d4a,
     .text = 0xe9ecf1,
     .dim = 0xa3adbd,
     .accent = 0x5aa9f8,
     .on_accent = 0x0a1626,
     .good = 0x1f3a2c,
     .warning = 0x43371a,
     .error = 0x4b2428,
     .on_banner = 0xf4f5f7,
     .ring = 0x8cc4ff,
     .line = 1},
    {.name = "light",
     .ground = 0xf3f4f7,
     .panel = 0xffffff,
     .raised = 0xe9ecf2,
     .border = 0xc6ccd8,
     .text = 0x1a1e26,
     .dim = 0x545d6d,
     .accent = 0x1a5fb4,
     .on_accent = 0xffffff,
     .good = 0xd6efdf,
     .warning = 0xfbeec6,
     .error = 0xf9d9d9,
     .on_banner = 0x20242c,
     .ring = 0x1a5fb4,
     .line = 1},
    {.name = "contrast",
     .ground = 0x000000,
     .panel = 0x000000,
     .raised = 0x161616,
     .border = 0xffffff,
     .text = 0xffffff,
     .dim = 0xe0e0e0,
     .accent = 0xffe14d,
     .on_accent = 0x000000,
     .good = 0x002b12,
     .warning = 0x332600,
     .error = 0x400000,
     .on_banner = 0xffffff,
     .ring = 0x4df0ff,
     .line = 2},
};
enum { N_THEMES = sizeof themes / sizeof *themes };

const struct ui_theme *ui_theme_at(int i) { return i >= 0 && i < N_THEMES ? &themes[i] : NULL; }

const struct ui_theme *ui_theme_find(const char *name) {
    for (int i = 0; i < N_THEMES; i++)
        if (strcmp(themes[i].name, name) == 0) return &themes[i];
    return NULL;
}

#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 120 };

void table_open(struct table *t, const char *const *titles) {
    *t = (struct table){0};
    while (t->n_columns < TABLE_COLUMNS && titles[t->n_columns]) {
        t->titles[t->n_columns] = titles[t->n_columns];
        t->n_columns++;
    }
}

void table_cell(struct table *t, const char *fmt, ...) {
    char text[512], visible[CELL_BYTES + 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (t->n == t->cap) {
        const size_t cap = t->cap * 2 + 64;
        char **cells = realloc(t->cells, cap * sizeof *cells);
        t->failed |= !cells;
        if (!cells) return;
        t->cells = cells;
        t->cap = cap;
    }
    text_visible(visible, sizeof visible, text, strlen(text));
    char *cell = malloc(strlen(visible) + 1);
    t->failed |= !cell;
    if (cell) t->cells[t->n++] = strcpy(cell, visible);
}

static const char *title(const struct table *t, int column) {
    return t->titles[column] + (t->titles[column][0] == '>');
}

static void print_row(const struct table *t, struct out *out, const char *indent,
                      const size_t *widths, char *const *cells) {
    out_print(out, "%s", indent);
    int last = t->n_columns - 1;
    while (last > 0 && (cells ? cells[last] : title(t, last))[0] == '\0') last--;
    for (int c = 0; c <= last; c++) {
        const char *text = cells ? cells[c] : title(t, c);
        const int gap = (int)(widths[c] - text_columns(text));
        const bool right = t->titles[c][0] == '>';
        out_print(out, "%*s%s", right ? gap : 0, "", text);
        if (c < last) out_print(out, "%*s  ", right ? 0 : gap, "");
    }
    out_print(out, "\n");
}

void table_print(struct table *t, struct out *out, const char *indent) {
    size_t widths[TABLE_COLUMNS] = {0};
    bool titled = false;
    for (int c = 0; c < t->n_columns; c++) {
        widths[c] = text_columns(title(t, c));
        titled |= widths[c] > 0;
    }
    const size_t n_rows = t->n / (size_t)t->n_columns;
    for (size_t i = 0; i < n_rows * (size_t)t->n_columns; i++) {
        const size_t wide = text_columns(t->cells[i]), c = i % (size_t)t->n_columns;
        if (wide > widths[c]) widths[c] = wide;
    }
    if (titled) {
        out_dim(out);
        print_row(t, out, indent, widths, NULL);
        out_plain(out);
    }
    if (t->failed) out->error = ENOMEM; /* the end of the program says so */
    for (size_t r = 0; r < n_rows && !t->failed; r++)
        print_row(t, out, indent, widths, t->cells + r * (size_t)t->n_columns);
    for (size_t i = 0; i < t->n; i++) free(t->cells[i]);
    free(t->cells);
    *t = (struct table){0};
}

/* table.h - rows of cells, set in columns as wide as their widest cell. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H
#include "out.h"

enum { TABLE_COLUMNS = 12 };

struct table {
    const char *titles[TABLE_COLUMNS]; /* a leading '>' sets the column to the right; not shown */
    int n_columns;
    char **cells; /* [rows][n_columns], owned */
    size_t n, cap;
    bool failed; /* memory ran out: rows are missing */
};

/* titles end with NULL; the array and its texts must outlive the table. */
void table_open(struct table *t, const char *const *titles);
/* Cells are printed into the table one after the other, row by row. Control characters are made
 * visible; a cell is cut at 120 bytes. */
void table_cell(struct table *t, const char *fmt, ...) CLI_PRINTF(2, 3);
/* Prints the titles, when one has letters, and the rows; frees them. Without memory for all of them
 * no row is printed, and out->error says so. */
void table_print(struct table *t, struct out *out, const char *indent);
#endif

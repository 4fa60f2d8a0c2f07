/* op_embed: every weight form, rows of pictures, ids outside, step. */
#include <string.h>

#include "check.h"
#include "ops/ref/embed.h"
#include "weights.h"

static const char *const covers[] = {"embed", NULL};

static void append(struct gpu_list *list, const void *op) { op_embed(list, op); }

/* The wrong twin takes the next row of the table. */
static void run_case(struct check *c, enum weight_form form, uint32_t rows, uint32_t cols,
                     uint32_t table, bool step) {
    const struct ref_weight w = make_weight(c, form, table, cols);
    const struct weight weight = upload_weight(c, &w);
    const uint32_t extra_rows = 3, live = step ? (rows + 1) / 2 : rows;
    float *extra = check_floats(c, CHECK_NORMAL, (uint64_t)extra_rows * cols);
    int32_t *ids = check_bytes(c, rows * 4ull), *wrong_ids = check_bytes(c, rows * 4ull);
    const int32_t edges[] = {0,  (int32_t)table - 1, -1,        -3,
                             -4, (int32_t)table,     INT32_MAX, INT32_MIN};
    for (uint32_t r = 0; r < rows; r++) {
        ids[r] = r % 2 ? edges[check_below(c, 8)] : (int32_t)check_below(c, table);
        wrong_ids[r] = r % 2 ? ids[r] : ids[r] + 1; /* an edge may have no next number */
    }
    struct check_output out = {.name = "y", .rows = rows, .cols = cols, .stride = cols};
    uint8_t *skip = check_bytes(c, (uint64_t)rows * cols);
    memset(skip + (size_t)live * cols, 1, (size_t)(rows - live) * cols);
    out.skip = skip;
    struct op_embed op = {.w = &weight, .rows = rows, .extra_rows = extra_rows, .scale = 1.7f};
    op.ids = check_input(c, "ids", ids, rows * 4ull);
    op.extra = check_input(c, "extra", extra, (uint64_t)extra_rows * cols * 4);
    const uint32_t words[16] = {5, live};
    if (step) op.step = check_input(c, "step", words, sizeof words);
    op.y = check_output(c, &out);
    double *want = check_doubles(c, (uint64_t)rows * cols),
           *wrong = check_doubles(c, (uint64_t)rows * cols);
    double *allowed = check_doubles(c, (uint64_t)rows * cols);
    struct ref_embed ref = {.ids = wrong_ids,
                            .extra = extra,
                            .y = wrong,
                            .w = w,
                            .rows = rows,
                            .extra_rows = extra_rows,
                            .scale = op.scale};
    ref_embed(&ref);
    ref.ids = ids, ref.y = want, ref.allowed = allowed;
    ref_embed(&ref);
    out.want = want, out.allowed = allowed, out.wrong = wrong;
    check_run(c, append, &op, &out, 1);
}

static void cases(struct check *c) {
    for (int f = 0; f < FORM_COUNT; f++) {
        const enum weight_form form = (enum weight_form)f;
        const char *name = weight_layout(form, 32).name;
        if (check_begin(c, "%s 9x96 of 50", name)) run_case(c, form, 9, 96, 50, false);
        if (check_begin(c, "%s 33x576 of 7 step", name)) run_case(c, form, 33, 576, 7, true);
    }
    for (int f = 0; f <= FORM_BF16; f++)
        if (check_begin(c, "%s 5x37 of 11", weight_layout((enum weight_form)f, 32).name))
            run_case(c, (enum weight_form)f, 5, 37, 11, false);
}

const struct check_group check_group_embed = {"embed", NULL, cases, NULL, covers};

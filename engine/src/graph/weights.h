/* weights.h - the weights of a model on the device, fetched by name when a graph first asks.
 *
 * "blk.0.attn_q|attn_k|attn_v" asks for one matrix made of three, rows below rows; the names after
 * the first share its prefix up to the last dot. Each is uploaded once and shared by all graphs.
 * What is missing or has another shape is collected; weights_check() reports all of it at once. */
#ifndef VD_WEIGHTS_H
#define VD_WEIGHTS_H
#include "graph/adapters.h"
#include "io/gguf.h"
#include "ops/weight.h"

struct weights;

struct weights_progress {
    int (*call)(void *user, const char *phase, uint64_t done, uint64_t total);
    void *user;
};

/* The file must outlive the weights. */
vidi_status weights_open(struct gpu *gpu, const struct gguf *file,
                         const struct weights_progress *progress, struct weights **out);
/* Looks into a second file, too, where the first has no tensor of a name. */
void weights_join(struct weights *w, const struct gguf *file);
/* Matrices fetched from now on become this type where quant_choice() of ops/quant.h says so. */
void weights_quantize(struct weights *w, enum vd_type type);
void weights_close(struct weights *w);

/* The parts of a fused matrix: at most this many. */
enum { WEIGHTS_PARTS = 4 };

/* A matrix of rows x cols (rows summed over the parts). *n_parts is 1 when all parts share a form
 * and so became one matrix; else each part is its own. rows 0: any number.
 * NULL: noted as a problem, or the device failed (see weights_check). */
const struct weight *const *weights_matrix(struct weights *w, const char *name, uint32_t rows,
                                           uint32_t cols, uint32_t *n_parts);

/* The same for one matrix that the file holds turned, its columns as rows. rows 0: any number. */
const struct weight *const *weights_turned(struct weights *w, const char *name, uint32_t rows,
                                           uint32_t cols);

/* Changes of matrices for the graphs built from now on; belong to the caller. NULL: none. */
void weights_adapt(struct weights *w, struct adapters *adapters);
/* The stacked pair that changes a matrix already fetched; false: nothing does. */
bool weights_adapter(struct weights *w, const char *name, uint32_t cols, const struct weight **a,
                     const struct weight **b);

/* The same of a table of words. */
bool weights_table_adapter(struct weights *w, const char *name, uint32_t words, uint32_t cols,
                           const struct weight **a, const struct weight **b);

/* A vector, or any tensor, taken as `count` f32 numbers, parts joined. kind: ".weight", ".bias"
 * or "".
 * Empty span: as above. */
struct vd_span weights_f32(struct weights *w, const char *name, const char *kind, uint64_t count);

/* The same, for the host. False: as above. */
bool weights_numbers(struct weights *w, const char *name, const char *kind, uint64_t count,
                     float *out);

/* Row `row` of a table of rows x cols. False: as above. */
bool weights_row(struct weights *w, const char *name, uint32_t rows, uint64_t cols, uint32_t row,
                 float *out);

bool weights_has(const struct weights *w, const char *name);
uint32_t weights_width(const struct weights *w, const char *name);  /* columns; 0: not there */
uint32_t weights_height(const struct weights *w, const char *name); /* rows; 0: not there */
/* Both are there, of one type and shape, and hold the same bytes. A failure to read them is kept.
 */
bool weights_same(struct weights *w, const char *a, const char *b);
/* Tensors whose names begin so may be left unused. */
void weights_spare(struct weights *w, const char *prefix);
/* Once all graphs were built: VIDI_E_UNSUPPORTED where a GGUF file has tensors that nothing asked
 * for and that are not known to be harmless. */
vidi_status weights_complete(struct weights *w);
uint64_t weights_bytes(const struct weights *w); /* on the device */

/* VIDI_E_FORMAT naming every missing and misshapen tensor, or the first failure of the device. What
 * the sentence has no room for is counted in it and said to the log. */
vidi_status weights_check(struct weights *w);
#endif

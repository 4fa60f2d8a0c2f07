/* quant.h - rows of numbers into the quantised formats that GGUF files hold.
 *
 * q8_0 and q4_0 give the bytes that the format's own tools give. q4_K searches, for each 32
 * numbers, the scale and minimum of least squared error, each number weighed by its size. Numbers
 * that are not finite become 0 or the end of the range; nothing traps. Threads: no state. */
#ifndef VD_QUANT_H
#define VD_QUANT_H
#include "base/format.h"
#include "base/status.h"

/* Whether quant_rows() writes this type: f16, q8_0, q4_0 and q4_K. */
bool quant_makes(enum vd_type type);

/* One row of whole blocks. */
void quant_row(enum vd_type type, const float *src, uint32_t cols, void *out);

struct quant_job {
    enum vd_type from, to; /* from: any type with values; to: quant_makes() */
    const void *src;       /* rows as format_bytes() has them */
    void *out;
    uint32_t rows, cols;
};
/* Many rows, on as many threads as the machine has cores, at most 16. VIDI_E_MEMORY. */
vidi_status quant_rows(struct vd_ctx *ctx, const struct quant_job *job);

/* The type that a tensor gets when a model is to be `wanted`: its own, `have`, unless it is the
 * matrix of a linear layer or of the vocabulary, in f32, f16 or bf16. dims[0]: columns.
 *   - norms, biases, kernels, tables of positions and all that is not two-dimensional stay, and so
 *     does the one matrix whose columns are read as rows (mm.input_projection);
 *   - the vocabulary's matrices, token_embd and output, become q8_0 where wanted is of four bits;
 *   - columns that are no multiple of 256 make q8_0 of q4_K; no multiple of 32: f16, and what is
 *     of 16 bits already stays. */
struct quant_tensor {
    const char *name; /* not NUL-terminated */
    uint64_t name_len;
    enum vd_type have;
    uint32_t n_dims;
    uint64_t cols;
};
enum vd_type quant_choice(enum vd_type wanted, const struct quant_tensor *t);
#endif

#include "ops/ref/act.h"

#include <math.h>

static double none(double v) { return v; }
static double gelu(double v) { return 0.5 * v * erfc(-v / sqrt(2)); }
static double gelu_tanh(double v) {
    const double pi = 3.14159265358979323846;
    return 0.5 * v * (1 + tanh(sqrt(2 / pi) * (v + 0.044715 * v * v * v)));
}
static double quick_gelu(double v) { return v / (1 + exp(-1.702 * v)); }
static double silu(double v) { return v / (1 + exp(-v)); }
static double relu(double v) { return v < 0 ? 0 : v; }

double ref_activate(enum act act, double v) {
    static double (*const functions[])(double) = {
        [ACT_NONE] = none,           [ACT_GELU] = gelu,
        [ACT_GELU_TANH] = gelu_tanh, [ACT_QUICK_GELU] = quick_gelu,
        [ACT_SILU] = silu,           [ACT_RELU] = relu,
    };
    return functions[act](v);
}

void ref_act(const struct ref_act *op) {
    for (uint32_t r = 0; r < op->rows; r++)
        for (uint32_t c = 0; c < op->cols; c++) {
            double v = ref_activate(op->act, op->a[(uint64_t)r * op->a_stride + c]);
            if (op->cap != 0) v = op->cap * tanh(v / op->cap);
            const double by = op->glu ? op->b[(uint64_t)r * op->b_stride + c] : 1;
            op->y[(uint64_t)r * op->y_stride + c] = v * by;
        }
}

// norm.glsl - LayerNorm and RMSNorm of one row; the three kernels differ in who shares a row.
// The kernel defines float row_total(float): the sum over the lanes of a row, known to all of them.
#include "common/step.glsl"
#include "common/vec.glsl"

layout(binding = 0) readonly buffer B0 { V_T x[]; };
layout(binding = 1) readonly buffer B1 { V_T w[]; };
layout(binding = 2) readonly buffer B2 { V_T b[]; };
layout(binding = 3) readonly buffer B3 { uint step[]; };
layout(binding = 4) writeonly buffer B4 { V_T y[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;
    uint x_stride;
    uint y_stride;
    float eps;
    uint rms;
    uint has_bias;
    uint has_step;
    uint heads; // neighbours in each row of memory, normalised one by one
};

uint live_rows() { return (has_step != 0u ? min(rows, step[STEP_ROWS]) : rows) * heads; }

float row_total(float mine);

// Deviations are squared after the mean is known: E[x^2] - mean^2 would cancel.
void norm_row(uint row, uint lane, uint lanes) {
    const uint n = cols / V_N, above = row / heads, head = (row - above * heads) * n;
    const uint from = above * (x_stride / V_N) + head, to = above * (y_stride / V_N) + head;
    V_T sum = V_T(0.0);
    float mean = 0.0;
    if (rms == 0u) {
        for (uint i = lane; i < n; i += lanes) sum += x[from + i];
        mean = row_total(dot(sum, V_T(1.0))) / float(cols);
    }
    V_T squares = V_T(0.0);
    for (uint i = lane; i < n; i += lanes) {
        const V_T d = x[from + i] - mean;
        squares += d * d;
    }
    const float scale = inversesqrt(row_total(dot(squares, V_T(1.0))) / float(cols) + eps);
    for (uint i = lane; i < n; i += lanes) {
        V_T v = (x[from + i] - mean) * scale * w[i];
        if (has_bias != 0u) v += b[i];
        y[to + i] = v;
    }
}

#version 460
//! y = a + scale * b, b perhaps one row for all, scale perhaps times tanh(gate[0])
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/exp.glsl"
#include "common/vec.glsl"

layout(binding = 0) readonly buffer B0 { V_T a[]; };
layout(binding = 1) readonly buffer B1 { V_T b[]; };
layout(binding = 2) readonly buffer B2 { float gate[]; };
layout(binding = 3) writeonly buffer B3 { V_T y[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;
    uint b_stride;
    float scale;
    uint has_gate;
};

// Small arguments take the series: 1 - e^-2v would cancel, and gates start near 0.
float tanh_of(float v) {
    const float size = abs(v), s = v * v;
    if (size < 0.25) {
        precise float p = 0.0218694885;
        p = p * s - 0.0539682540;
        p = p * s + 0.133333333;
        p = p * s - 0.333333333;
        return v + v * s * p;
    }
    const float e = exact_exp(-2.0 * size), t = (1.0 - e) / (1.0 + e);
    return v < 0.0 ? -t : t;
}

void main() {
    const uint col = gl_GlobalInvocationID.x, n = cols / V_N;
    if (col >= n) return;
    float by = scale;
    if (has_gate != 0u) by *= tanh_of(gate[0]);
    for (uint row = gl_WorkGroupID.y; row < rows; row += gl_NumWorkGroups.y)
        y[row * n + col] = a[row * n + col] + by * b[row * (b_stride / V_N) + col];
}

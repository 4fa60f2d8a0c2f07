#version 460
//! y = act(norm(x) . w^T + bias) + add: one output a lane, any shape
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
#define X_T float
#include "linear/interface.glsl"

float dot_row(uint row, uint w_row) {
    float sum = 0.0;
    for (uint k = 0u; k < cols; k++) {
        float v = x[row * x_stride + k];
        if (NORM != 0u) v *= norm[k];
        sum += v * weight_at(w_row, k);
    }
    return sum;
}

float row_scale(uint row) {
    float squares = 0.0;
    for (uint k = 0u; k < cols; k++) {
        const float v = x[row * x_stride + k];
        squares += v * v;
    }
    return inversesqrt(squares / float(cols) + eps);
}

void main() {
    const uint col = gl_GlobalInvocationID.x;
    if (col >= outs) return;
    for (uint row = gl_WorkGroupID.y; row < live_rows(); row += gl_NumWorkGroups.y) {
        const float scale = NORM != 0u ? row_scale(row) : 1.0;
        const float up = glu != 0u ? dot_row(row, col + outs) * scale : 0.0;
        finish(row, col, dot_row(row, col) * scale, up);
    }
}

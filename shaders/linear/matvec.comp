#version 460
//! y = act(norm(x) . w^T + bias) + add for few rows: a workgroup makes COLS outputs
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
#define COLS_DEFAULT 4
#include "linear/matvec.glsl"

shared float part[SUMS * WG];

void total() {
    const uint me = gl_LocalInvocationID.x;
    barrier(); // the last use of part has been read
    [[unroll]] for (uint c = 0u; c < SUMS; c++) part[c * WG + me] = sums[c];
    barrier();
    for (uint n = WG / 2u; n > 0u; n >>= 1) {
        if (me < n) {
            [[unroll]] for (uint c = 0u; c < SUMS; c++) part[c * WG + me] += part[c * WG + me + n];
        }
        barrier();
    }
    [[unroll]] for (uint c = 0u; c < SUMS; c++) sums[c] = part[c * WG];
}

void main() {
    const uint n = live_rows(), cols_each = glu != 0u ? COLS / 2u : COLS;
    const uint stride = gl_NumWorkGroups.x * cols_each;
    for (uint row = gl_WorkGroupID.y; row < n; row += gl_NumWorkGroups.y)
        for (uint col = gl_WorkGroupID.x * cols_each; col < outs; col += stride)
            outputs(row, col, gl_LocalInvocationID.x, WG);
}

#version 460
//! y = act(norm(x) . w^T + bias) + add for few rows: a subgroup makes COLS outputs, no barrier
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
//! needs: subgroup
#extension GL_KHR_shader_subgroup_arithmetic : require
#define COLS_DEFAULT 2
#define WG_DEFAULT 128
#include "linear/matvec.glsl"

void total() {
    [[unroll]] for (uint c = 0u; c < SUMS; c++) sums[c] = subgroupAdd(sums[c]);
}

void main() {
    const uint n = live_rows(), cols_each = glu != 0u ? COLS / 2u : COLS;
    const uint first = (gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID) * cols_each;
    const uint stride = gl_NumWorkGroups.x * gl_NumSubgroups * cols_each;
    for (uint row = gl_WorkGroupID.y; row < n; row += gl_NumWorkGroups.y)
        for (uint col = first; col < outs; col += stride)
            outputs(row, col, gl_SubgroupInvocationID, gl_SubgroupSize);
}

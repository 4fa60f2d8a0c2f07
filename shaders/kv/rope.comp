#version 460
//! y = rope(x), rows of heads
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/step.glsl"

layout(binding = 0) readonly buffer B0 { float x[]; };
layout(binding = 1) readonly buffer B1 { vec2 table[]; };
layout(binding = 2) readonly buffer B2 { uint step[]; };
layout(binding = 3) writeonly buffer B3 { float y[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint x_stride;
    uint y_stride;
    uint heads;
    uint head_dim;
    uint rope_dim;
    uint table_rows;
    uint neox;
    uint has_step;
};
#include "kv/rope.glsl"

void main() {
    const uint to = gl_GlobalInvocationID.x;
    if (to >= heads * head_dim) return;
    const uint live = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    const uint base = has_step != 0u ? step[STEP_POSITION] : 0u;
    const uint i = to % head_dim;
    for (uint row = gl_WorkGroupID.y; row < live; row += gl_NumWorkGroups.y)
        y[row * y_stride + to] = roped(row * x_stride + to - i, i, base + row);
}

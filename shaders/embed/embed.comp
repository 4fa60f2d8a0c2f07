#version 460
//! Rows of a table of weights by token, or of f32 rows by ~id; ids outside give zeros
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;

layout(binding = 0) readonly buffer B0 { int ids[]; };
layout(binding = 1) readonly buffer B1 { uvec4 w[]; };
layout(binding = 2) readonly buffer B2 { uint h[]; };
layout(binding = 3) readonly buffer B3 { uint s[]; };
layout(binding = 4) readonly buffer B4 { float extra[]; };
layout(binding = 5) writeonly buffer B5 { float y[]; };
layout(binding = 6) readonly buffer B6 { uint step[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;
    uint first; // the table's row that w starts with, and how many rows w has
    uint count;
    uint all_rows; // of the table
    uint extra_rows;
    uint w_stride;
    uint h_stride;
    uint s_stride;
    uint has_step;
    float scale;
};
#include "common/dequant.glsl"
#include "common/step.glsl"

void main() {
    const uint col = gl_GlobalInvocationID.x;
    const uint n = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    if (col >= cols) return;
    for (uint row = gl_WorkGroupID.y; row < n; row += gl_NumWorkGroups.y) {
        const int id = ids[row];
        const uint at = row * cols + col;
        if (id < 0) {
            const uint from = uint(~id);
            if (first == 0u) y[at] = from < extra_rows ? extra[from * cols + col] : 0.0;
        } else if (uint(id) >= all_rows) {
            if (first == 0u) y[at] = 0.0;
        } else if (uint(id) - first < count) {
            y[at] = weight_at(uint(id) - first, col) * scale;
        }
    }
}

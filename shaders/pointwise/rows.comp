#version 460
//! Gather, scatter or copy of whole rows
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/step.glsl"
#include "common/vec.glsl"

// Numbers move as words: no NaN is quieted, no denormal lost.
layout(binding = 0) readonly buffer B0 { V_U x[]; };
layout(binding = 1) readonly buffer B1 { uint index[]; };
layout(binding = 2) readonly buffer B2 { uint step[]; };
layout(binding = 3) writeonly buffer B3 { V_U y[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;
    uint limit;
    uint first;
    uint x_stride;
    uint y_stride;
    uint scatter;
    uint last;
    uint has_index;
    uint has_step;
};

// The row of the indexed side that belongs to row r of the other.
uint other(uint r) {
    if (has_index != 0u) return index[r];
    return first + (last != 0u ? step[STEP_ROWS] - 1u : r);
}

void main() {
    const uint col = gl_GlobalInvocationID.x;
    if (col >= cols / V_N) return;
    const uint live = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    for (uint r = gl_WorkGroupID.y; r < live; r += gl_NumWorkGroups.y) {
        const uint at = other(r);
        const bool inside = at < limit;
        V_U v = V_U(0u);
        if (scatter != 0u) {
            if (inside) y[at * (y_stride / V_N) + col] = x[r * (x_stride / V_N) + col];
        } else {
            if (inside) v = x[at * (x_stride / V_N) + col];
            y[r * (y_stride / V_N) + col] = v;
        }
    }
}

#version 460
//! Gather, scatter or copy of whole rows; scatter to rows of halves
//! variant V: one four halves
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/step.glsl"
#include "common/vec.glsl"

#ifdef V_halves // only to scatter: two numbers become one word
#define FROM uvec2
#define TO uint
#define N 2u
#define MOVED(v) packHalf2x16(uintBitsToFloat(v))
#else // numbers move as words: no NaN is quieted, no denormal lost
#define FROM V_U
#define TO V_U
#define N V_N
#define MOVED(v) (v)
#endif
layout(binding = 0) readonly buffer B0 { FROM x[]; };
layout(binding = 1) readonly buffer B1 { uint index[]; };
layout(binding = 2) readonly buffer B2 { uint step[]; };
layout(binding = 3) writeonly buffer B3 { TO y[]; };
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
    uint from_position;
    uint masked; // 1: rows with an index below 0 stay as they are; 2: all others
};

// The row of the indexed side that belongs to row r of the other.
uint other(uint r) {
    if (has_index != 0u && masked == 0u) return index[r];
    return first + (last != 0u ? step[STEP_ROWS] - 1u : r) +
           (from_position != 0u ? step[STEP_POSITION] - step[STEP_LAG] : 0u);
}

void main() {
    const uint col = gl_GlobalInvocationID.x;
    if (col >= cols / N) return;
    const uint live = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    for (uint r = gl_WorkGroupID.y; r < live; r += gl_NumWorkGroups.y) {
        if (masked != 0u && (index[r] >= 0x80000000u) == (masked == 1u)) continue;
        const uint at = other(r);
        const bool inside = at < limit;
        FROM v = FROM(0u);
        if (scatter != 0u) {
            if (inside) y[at * (y_stride / N) + col] = MOVED(x[r * (x_stride / N) + col]);
        } else {
            if (inside) v = x[at * (x_stride / N) + col];
            y[r * (y_stride / N) + col] = MOVED(v);
        }
    }
}

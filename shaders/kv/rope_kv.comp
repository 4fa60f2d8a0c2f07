#version 460
//! Rows of q|k|v to roped q and to entries of the K and V caches
//! variant C: f32 f16
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/step.glsl"

#ifdef C_f16
#define PAIR uint
#define PACK(v) packHalf2x16(v)
#else
#define PAIR vec2
#define PACK(v) (v)
#endif
layout(binding = 0) readonly buffer B0 { float x[]; };
layout(binding = 1) readonly buffer B1 { vec2 table[]; };
layout(binding = 2) readonly buffer B2 { uint step[]; };
layout(binding = 3) writeonly buffer B3 { vec2 q[]; };
layout(binding = 4) writeonly buffer B4 { PAIR k_cache[]; };
layout(binding = 5) writeonly buffer B5 { PAIR v_cache[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint x_stride;
    uint heads;
    uint kv_heads;
    uint head_dim;
    uint rope_dim;
    uint cache_rows;
    uint table_rows;
    uint neox;
    uint has_step;
};
#include "kv/rope.glsl"

// A lane owns two neighbouring elements: in a cache of halves that is a whole word.
void main() {
    const uint q_pairs = heads * head_dim / 2, kv_pairs = kv_heads * head_dim / 2;
    const uint pair = gl_GlobalInvocationID.x;
    if (pair >= q_pairs + 2 * kv_pairs) return;
    const uint live = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    const uint base = has_step != 0u ? step[STEP_POSITION] : 0u;
    const uint i = pair * 2 % head_dim, head = pair * 2 - i;
    const bool value = pair >= q_pairs + kv_pairs;
    for (uint row = gl_WorkGroupID.y; row < live; row += gl_NumWorkGroups.y) {
        const uint from = row * x_stride + head, position = base + row;
        vec2 v = vec2(x[from + i], x[from + i + 1]);
        if (!value) v = vec2(roped(from, i, position), roped(from, i + 1, position));
        if (pair < q_pairs)
            q[row * q_pairs + pair] = v;
        else if (position < cache_rows && !value)
            k_cache[position * kv_pairs + pair - q_pairs] = PACK(v);
        else if (position < cache_rows)
            v_cache[position * kv_pairs + pair - q_pairs - kv_pairs] = PACK(v);
    }
}

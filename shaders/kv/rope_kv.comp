#version 460
//! Rows of q|k|v to roped q and to entries of the K and V caches
//! variant C: f32 f16
//! variant V: two four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/step.glsl"

// With `four` head_dim and rope_dim are multiples of 4 and rows of x start on an even place.
#ifdef V_four
#define X_T vec2
#define TURN_T vec4
#define OWN 4u
#else
#define X_T float
#define TURN_T vec2
#define OWN 2u
#endif
#ifdef C_f16
#define PAIR uint
#define PACK(v) packHalf2x16(v)
#else
#define PAIR vec2
#define PACK(v) (v)
#endif
layout(binding = 0) readonly buffer B0 { X_T x[]; };
layout(binding = 1) readonly buffer B1 { TURN_T table[]; };
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
#ifdef V_two
#include "kv/rope.glsl"
#endif

// Pairs of neighbours that a lane owns: in a cache of halves each is a whole word.
struct Owned {
    vec2 v[OWN / 2u];
    uint pair[OWN / 2u]; // of the head
};

#ifdef V_four
// Two pairs that turn together: with neox those two of the first half and their partners of the
// second, else two neighbours. What does not turn is two neighbours too.
Owned owned(uint row_at, uint head, uint part, uint position, bool value) {
    const uint turning = rope_dim / 4u;
    const bool turns = part < turning && !value, apart = part < turning && neox != 0u;
    Owned o;
    o.pair[0] = apart ? part : 2u * part;
    o.pair[1] = apart ? part + turning : 2u * part + 1u;
    const uint at = (row_at + head * head_dim) / 2u;
    const vec2 a = x[at + o.pair[0]], b = x[at + o.pair[1]];
    o.v[0] = a;
    o.v[1] = b;
    if (!turns) return o;
    const vec4 t = table[min(position, table_rows - 1u) * turning + part]; // cos, sin, cos, sin
    if (apart) {
        o.v[0] = a * t.xz - b * t.yw;
        o.v[1] = b * t.xz + a * t.yw;
    } else {
        o.v[0] = vec2(a.x * t.x - a.y * t.y, a.y * t.x + a.x * t.y);
        o.v[1] = vec2(b.x * t.z - b.y * t.w, b.y * t.z + b.x * t.w);
    }
    return o;
}
#else
Owned owned(uint row_at, uint head, uint part, uint position, bool value) {
    const uint at = row_at + head * head_dim, i = 2u * part;
    Owned o;
    o.pair[0] = part;
    o.v[0] = vec2(x[at + i], x[at + i + 1u]);
    if (!value) o.v[0] = vec2(roped(at, i, position), roped(at, i + 1u, position));
    return o;
}
#endif

void main() {
    const uint parts = head_dim / OWN, head = gl_GlobalInvocationID.x / parts;
    const uint part = gl_GlobalInvocationID.x - head * parts;
    if (head >= heads + 2u * kv_heads) return;
    const uint live = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    const uint base = has_step != 0u ? step[STEP_POSITION] : 0u;
    const bool is_q = head < heads, value = head >= heads + kv_heads;
    const uint to_heads = is_q ? heads : kv_heads;
    const uint to_head = is_q ? head : head - heads - (value ? kv_heads : 0u);
    for (uint row = gl_WorkGroupID.y; row < live; row += gl_NumWorkGroups.y) {
        const Owned o = owned(row * x_stride, head, part, base + row, value);
        const uint to_row = is_q ? row : base + row;
        const bool fits = base + row < cache_rows;
        for (uint i = 0u; i < OWN / 2u; i++) {
            const uint to = (to_row * to_heads + to_head) * (head_dim / 2u) + o.pair[i];
            if (is_q)
                q[to] = o.v[i];
            else if (fits && value)
                v_cache[to] = PACK(o.v[i]);
            else if (fits)
                k_cache[to] = PACK(o.v[i]);
        }
    }
}

#version 460
//! Rows of q|k|v to roped q and to entries of K and V caches in q8_0
//! A workgroup does 64 numbers of q, k or v, a lane each. A row of a cache is its signed bytes, then
//! an f16 scale for each 32 of them, two a word: no two workgroups write one word.
layout(local_size_x = 64) in;
#include "common/step.glsl"

layout(binding = 0) readonly buffer B0 { float x[]; };
layout(binding = 1) readonly buffer B1 { vec2 table[]; };
layout(binding = 2) readonly buffer B2 { uint step[]; };
layout(binding = 3) writeonly buffer B3 { float q[]; };
layout(binding = 4) writeonly buffer B4 { uint k_cache[]; };
layout(binding = 5) writeonly buffer B5 { uint v_cache[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint x_stride;
    uint heads;
    uint kv_heads;
    uint head_dim;
    uint rope_dim;
    uint cache_rows;
    uint cache_stride; // in words
    uint table_rows;
    uint neox;
    uint has_step;
};
#include "kv/rope.glsl"

const float BIGGEST = 3.4e38;
shared float size[64]; // |x|; infinite for what is no number
shared uint code[64];
shared float scale[2];

// Nearest whole number to number / unit, halves away from zero. The quotient may be a little off,
// what is left of it is exact: so this does not depend on how the device divides.
uint code_of(float number, float unit) {
    if (unit > 65504.0) return 1u;
    if (unit == 0.0) return 0u;
    uint whole = uint(min(abs(number) / unit, 127.0));
    if (2.0 * (abs(number) - float(whole) * unit) >= unit) whole++;
    const int with_sign = int(min(whole, 127u)) * (number < 0.0 ? -1 : 1);
    return uint(with_sign) & 255u;
}

void put_cache(uint at, bool value, uint word) {
    if (value)
        v_cache[at] = word;
    else
        k_cache[at] = word;
}

void quantise(uint me, uint first, uint cols, uint row, float number, bool value) {
    size[me] = abs(number) <= BIGGEST ? abs(number) : uintBitsToFloat(0x7f800000u);
    barrier();
    if (me % 32u == 0u) {
        float most = 0.0;
        for (uint i = 0u; i < 32u; i++) most = max(most, size[me + i]);
        const float exact = most * (1.0 / 127.0);
        const uint bits = most > BIGGEST ? 0x7c00u : packHalf2x16(vec2(min(exact, 65504.0), 0.0));
        scale[me / 32u] = unpackHalf2x16(bits).x;
        code[me] = bits;
    }
    barrier();
    const uint scales = code[0] | code[32] << 16;
    barrier();
    code[me] = code_of(number, scale[me / 32u]);
    barrier();
    if (me % 4u == 0u && first + me < cols)
        put_cache(row * cache_stride + (first + me) / 4u, value,
                  code[me] | code[me + 1u] << 8 | code[me + 2u] << 16 | code[me + 3u] << 24);
    if (me == 0u) put_cache(row * cache_stride + (cols + first / 16u) / 4u, value, scales);
}

void main() {
    const uint me = gl_LocalInvocationID.x, group = gl_WorkGroupID.x;
    const uint q_cols = heads * head_dim, kv_cols = kv_heads * head_dim;
    const uint q_spans = (q_cols + 63u) / 64u, kv_spans = (kv_cols + 63u) / 64u;
    const bool is_q = group < q_spans, value = group >= q_spans + kv_spans;
    const uint span = is_q ? group : group - q_spans - (value ? kv_spans : 0u);
    const uint cols = is_q ? q_cols : kv_cols;
    const uint before = is_q ? 0u : q_cols + (value ? kv_cols : 0u);
    const uint at = 64u * span + me, i = at % head_dim;
    const uint live = has_step != 0u ? min(rows, step[STEP_ROWS]) : rows;
    const uint base = has_step != 0u ? step[STEP_POSITION] : 0u;
    for (uint row = gl_WorkGroupID.y; row < live; row += gl_NumWorkGroups.y) {
        const uint from = row * x_stride + before + at;
        float number = 0.0;
        if (at < cols) number = value ? x[from] : roped(from - i, i, base + row);
        if (is_q && at < cols) q[row * q_cols + at] = number;
        if (!is_q && base + row < cache_rows)
            quantise(me, 64u * span, cols, base + row, number, value);
        barrier();
    }
}

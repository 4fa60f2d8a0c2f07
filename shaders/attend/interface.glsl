// interface.glsl - what all attention kernels share: bindings, push constants, who sees whom.
//
// KV_T is the type that k and v are read by, Q_T (float or vec4) that of q and y; strides are pushed
// in these units, but those of k and v read by words in numbers. With KV_CHUNKS, KV_T is what
// chunk.glsl takes apart, else uint. f32, f16 or q8_0 K/V is the axis C; f16x4 is f16 for heads that
// are whole fours but no whole eights. Specialisation constants: WG lanes a workgroup, ROWS rows of q
// a tile, LANES the subgroup's size, DIM the size of a head, whole chunks (pushed as head_dim too).
#extension GL_EXT_control_flow_attributes : require
#ifndef ROWS_DEFAULT
#define ROWS_DEFAULT 1
#endif
#ifndef KV_CHUNKS
#define KV_T uint
#elif defined(C_q8_0) || defined(C_f16x4)
#define KV_T uvec2
#else
#define KV_T uvec4
#endif
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
layout(constant_id = 1) const uint ROWS = ROWS_DEFAULT;
layout(constant_id = 2) const uint LANES = 8;
layout(constant_id = 3) const uint DIM = 64;

layout(binding = 0) readonly buffer B0 { Q_T q[]; };
layout(binding = 1) readonly buffer B1 { KV_T k[]; };
layout(binding = 2) readonly buffer B2 { KV_T v[]; };
layout(binding = 3) readonly buffer B3 { uint mask[]; };
layout(binding = 4) writeonly buffer B4 { Q_T y[]; };
layout(binding = 5) readonly buffer B5 { uint step[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint kv_rows;
    uint heads;
    uint kv_heads;
    uint q_stride;
    uint kv_stride;
    uint y_stride;
    uint mode;
    uint window;
    uint has_step;
    float scale;
    float softcap;
    float alibi;
    uint head_dim;
};
#include "common/exp.glsl"
#include "common/step.glsl"

#define ATTEND_ALL 0u
#define ATTEND_CAUSAL 1u
#define ATTEND_PREFIX 2u
#define ATTEND_WINDOW 3u
#define ATTEND_MASK 4u
#define ATTEND_SPANS 5u

// Where row r stands among the rows of K and V.
int position_of(uint r) {
    return int(r) + (has_step != 0u ? int(step[STEP_POSITION]) : int(kv_rows) - int(rows));
}

uint live_rows() { return has_step != 0u ? min(rows, step[STEP_ROWS]) : rows; }

// The rows of K/V that row r may see lie in [x, y); with ATTEND_MASK the mask says which of them.
uvec2 seen(uint r) {
    if (mode == ATTEND_ALL || mode == ATTEND_MASK) return uvec2(0u, kv_rows);
    if (mode == ATTEND_SPANS) {
        const uint to = min(mask[2u * r + 1u], kv_rows);
        return uvec2(min(mask[2u * r], to), to);
    }
    int limit = int(kv_rows);
    if (has_step != 0u) limit = min(limit, int(step[STEP_POSITION]) + int(step[STEP_ROWS]));
    const int p = position_of(r);
    int from = 0, to = p + 1;
    if (mode == ATTEND_PREFIX) to = max(to, int(window));
    if (mode == ATTEND_WINDOW) from = max(0, to - int(window));
    if (has_step != 0u) {
        const int span_from = int(step[STEP_SPAN_FROM]), span_to = int(step[STEP_SPAN_TO]);
        if (p >= span_from && p < span_to) from = min(from, span_from), to = max(to, span_to);
    }
    to = max(0, min(to, limit));
    return uvec2(uint(min(from, to)), uint(to));
}

// All that rows first .. last see, if not each of them.
uvec2 seen_by(uint first, uint last) {
    // Both ends grow with the row, but for spans.
    uvec2 all = uvec2(seen(first).x, seen(last).y);
    if (mode == ATTEND_SPANS)
        for (uint r = first; r <= last; r++) {
            const uvec2 one = seen(r);
            all = uvec2(min(all.x, one.x), max(all.y, one.y));
        }
    return all;
}

// By how much scores of a head fall with each row between (ALiBi, arXiv 2108.12409). With n heads, n
// the power of two that is not less: 2^(-alibi k / n), k = 1 .. n, of which other counts of heads
// take the even ones first.
float slope_of(uint head) {
    if (alibi == 0.0) return 0.0;
    uint n = 1u;
    while (n < heads) n *= 2u;
    const uint odd = head < n / 2u ? 2u * head + 1u : 2u * (head - n / 2u);
    const uint k = n == heads ? head : odd;
    return exact_exp(-0.693147181 * alibi * float(k + 1u) / float(n));
}

// What is added to the score of row r and row j of K.
float leaning(float slope, uint r, uint j) {
    return slope == 0.0 ? 0.0 : slope * float(int(j) - position_of(r));
}

// A score as the softmax takes it. tanh by e^-2|z|, which neither overflows nor yields NaN.
float capped(float score) {
    score *= scale;
    if (softcap == 0.0) return score;
    const float e = exact_exp(-2.0 * abs(score / softcap));
    return sign(score) * softcap * (1.0 - e) / (1.0 + e);
}

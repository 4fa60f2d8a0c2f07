// interface.glsl - what all attention kernels share: bindings, push constants, who sees whom.
//
// KV_T (uint or uvec4) is the type that k and v are read by, Q_T (float or vec4) that of q and y;
// strides are pushed in these units. f32 or f16 K/V is the axis C. Specialisation constants: WG
// lanes a workgroup, ROWS rows of q a tile, LANES the subgroup's size, DIM the size of a head.
#extension GL_EXT_control_flow_attributes : require
#ifndef ROWS_DEFAULT
#define ROWS_DEFAULT 1
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
};
#include "common/exp.glsl"
#include "common/step.glsl"

#define ATTEND_ALL 0u
#define ATTEND_CAUSAL 1u
#define ATTEND_PREFIX 2u
#define ATTEND_WINDOW 3u
#define ATTEND_MASK 4u

uint live_rows() { return has_step != 0u ? min(rows, step[STEP_ROWS]) : rows; }

// The rows of K/V that row r may see lie in [x, y); with ATTEND_MASK the mask says which of them.
uvec2 seen(uint r) {
    if (mode == ATTEND_ALL || mode == ATTEND_MASK) return uvec2(0u, kv_rows);
    int base = int(kv_rows) - int(rows), limit = int(kv_rows);
    if (has_step != 0u) {
        base = int(step[STEP_POSITION]);
        limit = min(limit, base + int(step[STEP_ROWS]));
    }
    const int p = base + int(r);
    int from = 0, to = p + 1;
    if (mode == ATTEND_PREFIX) to = max(to, int(window));
    if (mode == ATTEND_WINDOW) from = max(0, to - int(window));
    to = max(0, min(to, limit));
    return uvec2(uint(min(from, to)), uint(to));
}

// A score as the softmax takes it. tanh by e^-2|z|, which neither overflows nor yields NaN.
float capped(float score) {
    score *= scale;
    if (softcap == 0.0) return score;
    const float e = exact_exp(-2.0 * abs(score / softcap));
    return sign(score) * softcap * (1.0 - e) / (1.0 + e);
}

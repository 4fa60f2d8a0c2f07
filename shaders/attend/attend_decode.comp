#version 460
//! y = softmax(q . k * scale) . v for few rows: a workgroup a row and head, running softmax
//! variant C: f32 f16 f16x4 q8_0
//! Rounds of WG rows of K, a lane each; then a team of lanes takes a row of V, 16 bytes a lane, and
//! the sums of the teams meet in shared memory at the end. WG is at least DIM / CHUNK, the lanes of
//! a team.
#define Q_T vec4
#define KV_CHUNKS
#include "attend/interface.glsl"
#include "attend/chunk.glsl"

const uint TEAMS = WG / CHUNKS;
shared vec4 query[DIM / 4u];
shared float lane_number[WG];
shared float lane_sums[WG * CHUNK];

float largest(float mine) {
    const uint me = gl_LocalInvocationID.x;
    barrier();
    lane_number[me] = mine;
    barrier();
    for (uint n = WG / 2u; n > 0u; n >>= 1) {
        if (me < n) lane_number[me] = max(lane_number[me], lane_number[me + n]);
        barrier();
    }
    const float all = lane_number[0];
    barrier();
    return all;
}

float score_of(uint k_row, uint k_from) {
    float sum = 0.0;
    for (uint i = 0u; i < CHUNKS; i++) {
        float ks[CHUNK];
        k_chunk(k_row, k_from + i, ks);
        [[unroll]] for (uint e = 0u; e < CHUNK; e++)
            sum += ks[e] * query[(i * CHUNK + e) / 4u][e % 4u];
    }
    return capped(sum);
}

void main() {
    const uint me = gl_LocalInvocationID.x, row = gl_WorkGroupID.x, head = gl_WorkGroupID.y;
    const uint kv_from = head / (heads / kv_heads) * CHUNKS;
    const uint team = me / CHUNKS, chunk = me % CHUNKS;
    if (row >= live_rows()) return;
    for (uint i = me; i < DIM / 4u; i += WG) query[i] = q[row * q_stride + head * (DIM / 4u) + i];
    const uvec2 range = seen(row);
    const float slope = slope_of(head);
    float top = NEVER, sum = 0.0, acc[CHUNK];
    [[unroll]] for (uint e = 0u; e < CHUNK; e++) acc[e] = 0.0;
    barrier();

    for (uint at = range.x; at < range.y; at += WG) {
        float score = NEVER;
        if (sees(row, range, at + me))
            score = score_of((at + me) * kv_stride, kv_from) + leaning(slope, row, at + me);
        const float new_top = max(top, largest(score));
        const float keep = top > NEVER ? exact_exp(top - new_top) : 0.0;
        const float weight = score > NEVER ? exact_exp(score - new_top) : 0.0;
        top = new_top;
        sum = sum * keep + weight;
        lane_number[me] = weight;
        barrier();
        [[unroll]] for (uint e = 0u; e < CHUNK; e++) acc[e] *= keep;
        const uint n = min(WG, range.y - at);
        for (uint j = team; j < n && team < TEAMS; j += TEAMS) {
            float vs[CHUNK];
            v_chunk((at + j) * kv_stride, kv_from + chunk, vs);
            [[unroll]] for (uint e = 0u; e < CHUNK; e++) acc[e] += lane_number[j] * vs[e];
        }
    }

    barrier();
    lane_number[me] = sum;
    [[unroll]] for (uint e = 0u; e < CHUNK; e++) lane_sums[me * CHUNK + e] = acc[e];
    barrier();
    float total = 0.0;
    for (uint i = 0u; i < WG; i++) total += lane_number[i];
    const float scale_all = total > 0.0 ? 1.0 / total : 0.0;
    for (uint i = me; i < DIM / 4u; i += WG) {
        vec4 all = vec4(0.0);
        for (uint t = 0u; t < TEAMS; t++) {
            const uint from = t * DIM + 4u * i;
            all += vec4(lane_sums[from], lane_sums[from + 1u], lane_sums[from + 2u],
                        lane_sums[from + 3u]);
        }
        y[row * y_stride + head * (DIM / 4u) + i] = all * scale_all;
    }
}

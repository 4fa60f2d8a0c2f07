#version 460
//! y = softmax(q . k * scale) . v for CPU drivers: a subgroup does ROWS queries of one head of K/V
//! variant C: f32 f16 f16x4 q8_0
//! needs: cpu
//! Queries are pairs of a row and a head that read the same K/V, so that what is loaded of K and V
//! serves ROWS of them. Scores: a lane a row of K. Sums: a lane 16 bytes of a row of V.
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#define Q_T vec4
#define KV_CHUNKS
#define ROWS_DEFAULT 4
#include "attend/interface.glsl"
#include "attend/chunk.glsl"

const uint SPAN = 4u;                            // rows of K a lane and round
const uint HELD = (CHUNKS + LANES - 1u) / LANES; // chunks of the sums a lane
const uint PARTS = (ROWS + LANES - 1u) / LANES;  // registers that hold a number of each query
const uint QUADS = CHUNK / 4u;                   // vec4 a chunk
const uint N_SCORES = ROWS * SPAN, N_ACC = ROWS * HELD * CHUNK, N_QS = PARTS * QUADS;

uint lane, kv_head, group, first, last, q_from[PARTS]; // queries first .. last, group a K/V head
uint row[ROWS]; // of each query, and what it sees
uvec2 range[ROWS];
uint to; // no query sees this row of K or one behind it
float scores[N_SCORES], top[ROWS], sum[ROWS], acc[N_ACC];

void start() {
    [[unroll]] for (uint p = 0u; p < PARTS; p++) {
        const uint t = min(first + p * LANES + lane, last);
        q_from[p] = t / group * q_stride + (kv_head * group + t % group) * (DIM / 4u);
    }
    [[unroll]] for (uint t = 0u; t < ROWS; t++) {
        row[t] = min(first + t, last) / group;
        range[t] = seen(row[t]);
        top[t] = NEVER, sum[t] = 0.0;
    }
    [[unroll]] for (uint i = 0u; i < N_ACC; i++) acc[i] = 0.0;
}

// scores of rows at .. of K: a lane has one of each SPAN.
void score_round(uint at) {
    [[unroll]] for (uint i = 0u; i < N_SCORES; i++) scores[i] = 0.0;
    uint k_from[SPAN];
    [[unroll]] for (uint r = 0u; r < SPAN; r++)
        k_from[r] = min(at + r * LANES + lane, to - 1u) * kv_stride;
    for (uint i = 0u; i < CHUNKS; i++) {
        float ks[SPAN][CHUNK];
        [[unroll]] for (uint r = 0u; r < SPAN; r++) k_chunk(k_from[r], kv_head * CHUNKS + i, ks[r]);
        vec4 qs[N_QS];
        [[unroll]] for (uint p = 0u; p < N_QS; p++)
            qs[p] = q[q_from[p / QUADS] + i * QUADS + p % QUADS];
        [[unroll]] for (uint e = 0u; e < CHUNK; e++)
            [[unroll]] for (uint t = 0u; t < ROWS; t++) {
                const vec4 quad = qs[t / LANES * QUADS + e / 4u];
                const float number = subgroupBroadcast(quad[e % 4u], t % LANES);
                [[unroll]] for (uint r = 0u; r < SPAN; r++)
                    scores[t * SPAN + r] += number * ks[r][e];
            }
    }
}

// From scores to weights; what came before is scaled to the new top.
void weigh_round(uint at) {
    [[unroll]] for (uint t = 0u; t < ROWS; t++) {
        float here = NEVER;
        const float slope = slope_of(kv_head * group + min(first + t, last) % group);
        [[unroll]] for (uint r = 0u; r < SPAN; r++) {
            const uint j = at + r * LANES + lane;
            const bool visible = sees(row[t], range[t], j);
            scores[t * SPAN + r] =
                visible ? capped(scores[t * SPAN + r]) + leaning(slope, row[t], j) : NEVER;
            here = max(here, scores[t * SPAN + r]);
        }
        const float new_top = max(top[t], subgroupMax(here));
        const float keep = sum[t] > 0.0 ? exact_exp(top[t] - new_top) : 0.0;
        float mine = 0.0;
        [[unroll]] for (uint r = 0u; r < SPAN; r++) {
            const float score = scores[t * SPAN + r];
            const float weight = score > NEVER ? exact_exp(score - new_top) : 0.0;
            scores[t * SPAN + r] = weight;
            mine += weight;
        }
        top[t] = new_top;
        sum[t] = sum[t] * keep + subgroupAdd(mine);
        [[unroll]] for (uint i = 0u; i < HELD * CHUNK; i++) acc[t * HELD * CHUNK + i] *= keep;
    }
}

// Adds rows at .. of V by their weights. The weights move down from round to round, so that the
// round is compiled once and not SPAN times.
void mix_round(uint at) {
    for (uint r = 0u; r < SPAN; r++) {
        const uint from = at + r * LANES;
        for (uint j = 0u; j < LANES && from + j < to; j++) {
            float weight[ROWS];
            [[unroll]] for (uint t = 0u; t < ROWS; t++)
                weight[t] = subgroupBroadcast(scores[t * SPAN], j);
            [[unroll]] for (uint i = 0u; i < HELD; i++) {
                const uint chunk = min(i * LANES + lane, CHUNKS - 1u);
                float vs[CHUNK];
                v_chunk((from + j) * kv_stride, kv_head * CHUNKS + chunk, vs);
                [[unroll]] for (uint t = 0u; t < ROWS; t++)
                    [[unroll]] for (uint e = 0u; e < CHUNK; e++)
                        acc[(t * HELD + i) * CHUNK + e] += weight[t] * vs[e];
            }
        }
        [[unroll]] for (uint i = 1u; i < N_SCORES; i++) scores[i - 1u] = scores[i];
    }
}

// The first query's sums, divided, to row `here` of y.
void put(uint here, uint head) {
    const float scale_all = sum[0] > 0.0 ? 1.0 / sum[0] : 0.0;
    [[unroll]] for (uint i = 0u; i < HELD; i++) {
        const uint chunk = i * LANES + lane;
        if (chunk >= CHUNKS) continue;
        [[unroll]] for (uint e = 0u; e < QUADS; e++) {
            const uint a = i * CHUNK + 4u * e;
            y[here * y_stride + head * (DIM / 4u) + chunk * QUADS + e] =
                scale_all * vec4(acc[a], acc[a + 1u], acc[a + 2u], acc[a + 3u]);
        }
    }
}

void main() {
    lane = gl_SubgroupInvocationID, kv_head = gl_WorkGroupID.y;
    const uint total = live_rows() * (heads / kv_heads);
    group = heads / kv_heads, first = gl_GlobalInvocationID.x / LANES * ROWS;
    if (first >= total) return;
    last = min(first + ROWS, total) - 1u;
    start();
    const uvec2 all = seen_by(row[0], row[ROWS - 1u]);
    to = all.y;
    for (uint at = all.x; at < to; at += LANES * SPAN) {
        score_round(at);
        weigh_round(at);
        mix_round(at);
    }
    for (uint t = first; t <= last; t++) {
        put(t / group, kv_head * group + t % group);
        [[unroll]] for (uint i = 1u; i < ROWS; i++) sum[i - 1u] = sum[i];
        [[unroll]] for (uint i = HELD * CHUNK; i < N_ACC; i++) acc[i - HELD * CHUNK] = acc[i];
    }
}

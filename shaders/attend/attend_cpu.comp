#version 460
//! y = softmax(q . k * scale) . v for CPU drivers: a subgroup does ROWS queries of one head of K/V
//! variant C: f32 f16
//! needs: cpu
//! Queries are pairs of a row and a head that read the same K/V, so that what is loaded of K and V
//! serves ROWS of them. Scores: a lane a row of K. Sums: a lane 16 bytes of a row of V.
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#define Q_T vec4
#define KV_T uvec4
#define ROWS_DEFAULT 4
#include "attend/interface.glsl"

#include "attend/chunk.glsl"

const uint SPAN = 4u;                                    // rows of K a lane and round
const uint HELD = (CHUNKS + LANES - 1u) / LANES;         // chunks of the sums a lane
const uint PARTS = (ROWS + LANES - 1u) / LANES;          // registers that hold a number of each query

void main() {
    const uint lane = gl_SubgroupInvocationID, kv_head = gl_WorkGroupID.y;
    const uint group = heads / kv_heads, total = live_rows() * group;
    const uint first = gl_GlobalInvocationID.x / LANES * ROWS, last = min(first + ROWS, total) - 1u;
    if (first >= total) return;

    uint q_from[PARTS];
    [[unroll]] for (uint p = 0u; p < PARTS; p++) {
        const uint t = min(first + p * LANES + lane, last);
        q_from[p] = t / group * q_stride + (kv_head * group + t % group) * (DIM / 4u);
    }
    uint row[ROWS];
    uvec2 range[ROWS];
    float top[ROWS], sum[ROWS], acc[ROWS * HELD * CHUNK];
    [[unroll]] for (uint t = 0u; t < ROWS; t++) {
        row[t] = min(first + t, last) / group;
        range[t] = seen(row[t]);
        top[t] = NEVER, sum[t] = 0.0;
    }
    [[unroll]] for (uint i = 0u; i < ROWS * HELD * CHUNK; i++) acc[i] = 0.0;

    // Both ends of what a row sees grow with the row.
    const uint from = range[0].x, to = range[ROWS - 1u].y;
    for (uint at = from; at < to; at += LANES * SPAN) {
        float scores[ROWS * SPAN];
        [[unroll]] for (uint i = 0u; i < ROWS * SPAN; i++) scores[i] = 0.0;
        uint k_from[SPAN];
        [[unroll]] for (uint r = 0u; r < SPAN; r++)
            k_from[r] = min(at + r * LANES + lane, to - 1u) * kv_stride + kv_head * CHUNKS;
        for (uint i = 0u; i < CHUNKS; i++) {
            float ks[SPAN][CHUNK];
            [[unroll]] for (uint r = 0u; r < SPAN; r++) unpack(k[k_from[r] + i], ks[r]);
            vec4 qs[PARTS * (CHUNK / 4u)];
            [[unroll]] for (uint p = 0u; p < PARTS * (CHUNK / 4u); p++)
                qs[p] = q[q_from[p / (CHUNK / 4u)] + i * (CHUNK / 4u) + p % (CHUNK / 4u)];
            [[unroll]] for (uint e = 0u; e < CHUNK; e++)
                [[unroll]] for (uint t = 0u; t < ROWS; t++) {
                    const uint part = t / LANES * (CHUNK / 4u) + e / 4u;
                    const float number = subgroupBroadcast(qs[part][e % 4u], t % LANES);
                    [[unroll]] for (uint r = 0u; r < SPAN; r++)
                        scores[t * SPAN + r] += number * ks[r][e];
                }
        }

        // From scores to weights; what came before is scaled to the new top.
        [[unroll]] for (uint t = 0u; t < ROWS; t++) {
            float here = NEVER;
            [[unroll]] for (uint r = 0u; r < SPAN; r++) {
                const uint j = at + r * LANES + lane;
                const bool visible = sees(row[t], range[t], j);
                scores[t * SPAN + r] = visible ? capped(scores[t * SPAN + r]) : NEVER;
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

        [[unroll]] for (uint r = 0u; r < SPAN; r++) {
            const uint start = at + r * LANES;
            for (uint j = 0u; j < LANES && start + j < to; j++) {
                float weight[ROWS];
                [[unroll]] for (uint t = 0u; t < ROWS; t++)
                    weight[t] = subgroupBroadcast(scores[t * SPAN + r], j);
                [[unroll]] for (uint i = 0u; i < HELD; i++) {
                    const uint chunk = min(i * LANES + lane, CHUNKS - 1u);
                    float vs[CHUNK];
                    unpack(v[(start + j) * kv_stride + kv_head * CHUNKS + chunk], vs);
                    [[unroll]] for (uint t = 0u; t < ROWS; t++)
                        [[unroll]] for (uint e = 0u; e < CHUNK; e++)
                            acc[(t * HELD + i) * CHUNK + e] += weight[t] * vs[e];
                }
            }
        }
    }

    [[unroll]] for (uint t = 0u; t < ROWS; t++) {
        if (first + t > last) continue;
        const uint head = kv_head * group + (first + t) % group;
        const float scale = sum[t] > 0.0 ? 1.0 / sum[t] : 0.0;
        [[unroll]] for (uint i = 0u; i < HELD; i++) {
            const uint chunk = i * LANES + lane, y_from = row[t] * y_stride + head * (DIM / 4u);
            if (chunk >= CHUNKS) continue;
            [[unroll]] for (uint e = 0u; e < CHUNK; e += 4u) {
                const uint a = (t * HELD + i) * CHUNK + e;
                y[y_from + (chunk * CHUNK + e) / 4u] =
                    scale * vec4(acc[a], acc[a + 1u], acc[a + 2u], acc[a + 3u]);
            }
        }
    }
}

#version 460
//! y = softmax(q . k * scale) . v for many rows: a workgroup 16 rows of a head, running softmax
//! variant C: f32 f16 f16x4 q8_0
//! WG is 64. Rounds of 32 rows of K and V, 32 numbers of a head at a time, in 9 KiB shared memory.
//! A lane sums 4 rows x 2 scores, then 4 rows x 2 numbers of each 32 of the head.
#define Q_T vec4
#define KV_CHUNKS
#define ROWS_DEFAULT 16
#include "attend/interface.glsl"
#include "attend/chunk.glsl"

const uint DEEP = 32u, SPAN = 32u;          // numbers of a head, rows of K and V a round
const uint SLICES = (DIM + DEEP - 1u) / DEEP;
const uint TALL = 4u;                       // vec4 of 16 rows
shared vec4 queries[DEEP * TALL];           // [number][row]
shared float kv[DEEP * SPAN];               // K [number][row], or V [row][number]
shared vec4 scores[SPAN * TALL];            // [row of K][row], scores and then weights
shared float row_number[64];
shared vec4 row_keep[TALL];

uint row0, n_live, kv_from, q_from, from, to;
float slope;

void load_queries(uint me, uint slice) {
    for (uint i = me; i < DEEP / 4u * 16u; i += 64u) {
        const uint r = i % 16u, part = i / 16u, number = slice * DEEP + part * 4u;
        vec4 value = vec4(0.0);
        if (number < DIM) value = q[min(row0 + r, n_live - 1u) * q_stride + q_from + number / 4u];
        [[unroll]] for (uint e = 0u; e < 4u; e++)
            queries[(part * 4u + e) * TALL + r / 4u][r % 4u] = value[e];
    }
}

void load_k(uint me, uint slice, uint at) {
    for (uint i = me; i < DEEP / CHUNK * SPAN; i += 64u) {
        const uint j = i % SPAN, part = i / SPAN, number = slice * DEEP + part * CHUNK;
        float ks[CHUNK];
        [[unroll]] for (uint e = 0u; e < CHUNK; e++) ks[e] = 0.0;
        if (number < DIM)
            k_chunk(min(at + j, to - 1u) * kv_stride, kv_from + number / CHUNK, ks);
        [[unroll]] for (uint e = 0u; e < CHUNK; e++) kv[(part * CHUNK + e) * SPAN + j] = ks[e];
    }
}

void load_v(uint me, uint slice, uint at) {
    for (uint i = me; i < DEEP / CHUNK * SPAN; i += 64u) {
        const uint part = i % (DEEP / CHUNK), j = i / (DEEP / CHUNK);
        const uint number = slice * DEEP + part * CHUNK;
        float vs[CHUNK];
        [[unroll]] for (uint e = 0u; e < CHUNK; e++) vs[e] = 0.0;
        if (number < DIM)
            v_chunk(min(at + j, to - 1u) * kv_stride, kv_from + number / CHUNK, vs);
        [[unroll]] for (uint e = 0u; e < CHUNK; e++) kv[j * DEEP + part * CHUNK + e] = vs[e];
    }
}

// Scores of this round, to shared memory: rows 4 * tall .. by rows 2 * wide .. of K.
void score_round(uint me, uint at) {
    const uint tall = me % TALL, wide = me / TALL;
    vec4 a = vec4(0.0), b = vec4(0.0);
    for (uint slice = 0u; slice < SLICES; slice++) {
        load_queries(me, slice);
        load_k(me, slice, at);
        barrier();
        for (uint d = 0u; d < DEEP; d++) {
            const vec4 rows4 = queries[d * TALL + tall];
            a += rows4 * kv[d * SPAN + 2u * wide];
            b += rows4 * kv[d * SPAN + 2u * wide + 1u];
        }
        barrier();
    }
    scores[2u * wide * TALL + tall] = a;
    scores[(2u * wide + 1u) * TALL + tall] = b;
    barrier();
}

// Scores to weights, four lanes a row with eight of them each. `top` is of the row, `sum` of the
// lane's eighth; row_keep says by how much sums so far shrink.
void weigh_round(uint me, uint at, uvec2 range, inout float top, inout float sum) {
    const uint r = me % 16u, part = me / 16u, row = min(row0 + r, n_live - 1u);
    float here = NEVER;
    for (uint i = part * 8u; i < part * 8u + 8u; i++) {
        const bool visible = sees(row, range, at + i);
        float score = NEVER;
        if (visible)
            score = capped(scores[i * TALL + r / 4u][r % 4u]) + leaning(slope, row, at + i);
        scores[i * TALL + r / 4u][r % 4u] = score;
        here = max(here, score);
    }
    row_number[me] = here;
    barrier();
    const float new_top = max(top, max(max(row_number[r], row_number[r + 16u]),
                                       max(row_number[r + 32u], row_number[r + 48u])));
    const float keep = top > NEVER ? exact_exp(top - new_top) : 0.0;
    if (part == 0u) row_keep[r / 4u][r % 4u] = keep;
    top = new_top;
    sum *= keep;
    for (uint i = part * 8u; i < part * 8u + 8u; i++) {
        const float score = scores[i * TALL + r / 4u][r % 4u];
        const float weight = score > NEVER ? exact_exp(score - new_top) : 0.0;
        scores[i * TALL + r / 4u][r % 4u] = weight;
        sum += weight;
    }
    barrier();
}

void main() {
    const uint me = gl_LocalInvocationID.x, head = gl_WorkGroupID.y;
    const uint tall = me % TALL, wide = me / TALL;
    row0 = gl_WorkGroupID.x * 16u, n_live = live_rows();
    if (row0 >= n_live) return;
    kv_from = head / (heads / kv_heads) * CHUNKS, q_from = head * (DIM / 4u);
    slope = slope_of(head);
    const uvec2 all = seen_by(row0, min(row0 + 15u, n_live - 1u));
    from = all.x, to = all.y;
    const uvec2 range = seen(min(row0 + me % 16u, n_live - 1u));
    float top = NEVER, sum = 0.0;
    vec4 acc[2u * SLICES];
    [[unroll]] for (uint i = 0u; i < 2u * SLICES; i++) acc[i] = vec4(0.0);

    for (uint at = from; at < to; at += SPAN) {
        score_round(me, at);
        weigh_round(me, at, range, top, sum);
        const vec4 keep = row_keep[tall];
        [[unroll]] for (uint slice = 0u; slice < SLICES; slice++) {
            load_v(me, slice, at);
            barrier();
            vec4 a = acc[2u * slice] * keep, b = acc[2u * slice + 1u] * keep;
            for (uint j = 0u; j < SPAN; j++) {
                const vec4 weights = scores[j * TALL + tall];
                a += weights * kv[j * DEEP + 2u * wide];
                b += weights * kv[j * DEEP + 2u * wide + 1u];
            }
            acc[2u * slice] = a, acc[2u * slice + 1u] = b;
            barrier();
        }
    }

    // The sums, a slice at a time, back to rows of 16 bytes a lane.
    row_number[me] = sum;
    barrier();
    const uint r = me / 4u;
    const float total =
        row_number[r] + row_number[r + 16u] + row_number[r + 32u] + row_number[r + 48u];
    const float scale_all = total > 0.0 ? 1.0 / total : 0.0;
    [[unroll]] for (uint slice = 0u; slice < SLICES; slice++) {
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            kv[(4u * tall + e) * DEEP + 2u * wide] = acc[2u * slice][e];
            kv[(4u * tall + e) * DEEP + 2u * wide + 1u] = acc[2u * slice + 1u][e];
        }
        barrier();
        for (uint part = me % 4u; part < DEEP / 4u; part += 4u) {
            const uint number = slice * DEEP + 4u * part, at = r * DEEP + 4u * part;
            if (row0 + r < n_live && number < DIM)
                y[(row0 + r) * y_stride + q_from + number / 4u] =
                    scale_all * vec4(kv[at], kv[at + 1u], kv[at + 2u], kv[at + 3u]);
        }
        barrier();
    }
}

// matvec_cpu.glsl - few rows on CPU drivers: COLS outputs a lane.
// Blocks of 32 columns: their x is spread over the subgroup, four a lane, and broadcast.
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#define WG_DEFAULT 16
#include "linear/interface.glsl"

const uint SPREAD = LANES < 8u ? LANES : 8u;// lanes that hold different parts of a block
const uint PARTS = 8u / SPREAD;         // registers that a block takes
const uint LOADS = 8u / STEPS;          // 16-byte loads a block

uint first_col; // of this lane; its others follow LANES further each

// With glu the odd ones are the partners of the even ones.
uint col_of(uint c) { return first_col + (glu != 0u ? c / 2u : c) * LANES; }
uint w_row_of(uint c) {
    const uint col = min(col_of(c), outs - 1u);
    return glu != 0u && c % 2u == 1u ? col + outs : col;
}

float x_spread(vec4 xs[PARTS], uint i, uint j) {
    return subgroupBroadcast(xs[i / SPREAD][j], i % SPREAD);
}

#if defined(W_q4_0) || defined(W_q4_1)
// Nibbles are masked where they stand, and the power of two that they stand at is taken off x,
// which is exact. The last one of a word would meet the sign and is shifted.
const float stands_at[8] = float[](1.0, 256.0, 65536.0, 16777216.0, 16.0, 4096.0, 1048576.0, 1.0);

void prepare(inout vec4 xs[PARTS]) {
    [[unroll]] for (uint p = 0u; p < PARTS; p++) {
        const uint i = p * SPREAD + gl_SubgroupInvocationID % SPREAD;
        const vec4 low = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0 / 16777216.0);
        const vec4 high = vec4(1.0 / 16.0, 1.0 / 4096.0, 1.0 / 1048576.0, 1.0);
        xs[p] *= i < 4u ? low : high;
    }
}

float nibble(uint word, uint half_, uint j) {
    const uint bit = half_ * 4u + j * 8u;
    const float v = float(int(bit < 28u ? word & (15u << bit) : word >> 28));
#ifdef W_q4_0
    return v - 8.0 * stands_at[half_ * 4u + j];
#else
    return v;
#endif
}

// The sum over a block of codes times x, scale and minimum not yet applied.
void block_sums(uint b, uint w_row[COLS], vec4 xs[PARTS], inout float t[COLS], out vec2 d[COLS]) {
    uvec4 words[COLS];
    [[unroll]] for (uint c = 0u; c < COLS; c++) {
        const Load load = weight_load(w_row[c], b);
        words[c] = load.q, d[c] = load.d;
    }
    prepare(xs);
    [[unroll]] for (uint i = 0u; i < 8u; i++)
        [[unroll]] for (uint j = 0u; j < 4u; j++) {
            const float v = x_spread(xs, i, j);
            [[unroll]] for (uint c = 0u; c < COLS; c++)
                t[c] += v * nibble(words[c][i % 4u], i / 4u, j);
        }
}
#else
void block_sums(uint b, uint w_row[COLS], vec4 xs[PARTS], inout float t[COLS], out vec2 d[COLS]) {
    [[unroll]] for (uint l = 0u; l < LOADS; l++) {
        Load load[COLS];
        [[unroll]] for (uint c = 0u; c < COLS; c++) load[c] = weight_load(w_row[c], b * LOADS + l);
        [[unroll]] for (uint i = 0u; i < STEPS; i++) {
            vec4 codes[COLS];
            [[unroll]] for (uint c = 0u; c < COLS; c++) {
#if defined(W_q6) || defined(W_q2)
                codes[c] = weight_step(load[c], i);
#else
                codes[c] = weight_codes(load[c], i);
#endif
                weight_next(load[c]);
            }
            [[unroll]] for (uint j = 0u; j < 4u; j++) {
                const float v = x_spread(xs, l * STEPS + i, j);
                [[unroll]] for (uint c = 0u; c < COLS; c++) t[c] += v * codes[c][j];
            }
        }
        [[unroll]] for (uint c = 0u; c < COLS; c++) d[c] = load[c].d;
    }
#if defined(W_q6) || defined(W_q2)
    [[unroll]] for (uint c = 0u; c < COLS; c++) d[c] = vec2(1.0, 0.0);
#endif
}
#endif

float block_total(vec4 xs[PARTS]) {
    float mine = 0.0, total = 0.0;
    [[unroll]] for (uint p = 0u; p < PARTS; p++) mine += (xs[p].x + xs[p].y) + (xs[p].z + xs[p].w);
    [[unroll]] for (uint i = 0u; i < SPREAD; i++) total += subgroupBroadcast(mine, i);
    return total;
}

void main() {
    const uint lane = gl_SubgroupInvocationID, n = live_rows();
    first_col = gl_GlobalInvocationID.x / LANES * LANES * (glu != 0u ? COLS / 2u : COLS) + lane;
    uint w_row[COLS];
    [[unroll]] for (uint c = 0u; c < COLS; c++) w_row[c] = w_row_of(c);

    for (uint row = gl_WorkGroupID.y; row < n; row += gl_NumWorkGroups.y) {
        float sums[COLS], squares = 0.0;
        [[unroll]] for (uint c = 0u; c < COLS; c++) sums[c] = 0.0;
        for (uint b = 0u; b < cols / 32u; b++) {
            vec4 xs[PARTS];
            [[unroll]] for (uint p = 0u; p < PARTS; p++) {
                const uint at = b * 8u + p * SPREAD + lane % SPREAD;
                xs[p] = x[row * x_stride + at];
                if (NORM != 0u) {
                    squares += dot(xs[p], xs[p]);
                    xs[p] *= norm[at];
                }
            }
            float t[COLS];
            vec2 d[COLS];
            [[unroll]] for (uint c = 0u; c < COLS; c++) t[c] = 0.0;
            block_sums(b, w_row, xs, t, d);
#ifdef HAS_MIN
            const float total = block_total(xs);
            [[unroll]] for (uint c = 0u; c < COLS; c++) t[c] = d[c].x * t[c] + d[c].y * total;
#else
            [[unroll]] for (uint c = 0u; c < COLS; c++) t[c] *= d[c].x;
#endif
            [[unroll]] for (uint c = 0u; c < COLS; c++) sums[c] += t[c];
        }
        float scale = 1.0;
        if (NORM != 0u) {
            squares = subgroupAdd(squares) * float(SPREAD) / float(LANES);
            scale = inversesqrt(squares / float(cols) + eps);
        }
        // A loop that moves the sums down, so that the end is compiled once and not COLS times.
        for (uint c = 0u; c < COLS; c++) {
            const float sum = sums[0];
            [[unroll]] for (uint i = 1u; i < COLS; i++) sums[i - 1u] = sums[i];
            if ((glu == 0u || c % 2u == 0u) && col_of(c) < outs)
                finish(row, col_of(c), sum * scale, sums[0] * scale);
        }
    }
}

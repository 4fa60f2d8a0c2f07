#version 460
//! y = act(norm(x) . w^T + bias) + add for CPU drivers: ROWS rows of x by COLS outputs a lane
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
//! needs: cpu
//! A lane makes COLS outputs of ROWS rows in registers. Its weights come in 16-byte loads; x is
//! loaded one row a lane and broadcast, since there a load a lane costs far more than a broadcast.
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#define ROWS_DEFAULT 16
#define COLS_DEFAULT 2
#define WG_DEFAULT 16
#include "linear/interface.glsl"

const uint PARTS = (ROWS + LANES - 1u) / LANES;  // registers that hold a number of each row
const uint GAINS = (STEPS + LANES - 1u) / LANES; // registers that hold norm for a load of w

uint first_col; // of this lane; its others follow LANES further each

// With glu the odd ones are the partners of the even ones.
uint col_of(uint c) { return first_col + (glu != 0u ? c / 2u : c) * LANES; }
uint w_row_of(uint c) {
    const uint col = min(col_of(c), outs - 1u);
    return glu != 0u && c % 2u == 1u ? col + outs : col;
}

void main() {
    const uint lane = gl_SubgroupInvocationID, n = live_rows(), row0 = gl_WorkGroupID.y * ROWS;
    const uint part = gl_GlobalInvocationID.x / LANES;
    first_col = part * LANES * (glu != 0u ? COLS / 2u : COLS) + lane;
    if (row0 >= n) return;
    uint x_from[PARTS];
    [[unroll]] for (uint p = 0u; p < PARTS; p++)
        x_from[p] = min(row0 + p * LANES + lane, n - 1u) * x_stride;
    uint w_row[COLS];
    [[unroll]] for (uint c = 0u; c < COLS; c++) w_row[c] = w_row_of(c);
    float sums[ROWS * COLS], squares[PARTS];
    [[unroll]] for (uint i = 0u; i < ROWS * COLS; i++) sums[i] = 0.0;
    [[unroll]] for (uint p = 0u; p < PARTS; p++) squares[p] = 0.0;

    for (uint l = 0u; l < cols / LOAD; l++) {
        Load load[COLS];
        [[unroll]] for (uint c = 0u; c < COLS; c++) load[c] = weight_load(w_row[c], l);
        vec4 gains[GAINS]; // spread over the lanes, as a load costs more than a broadcast
        if (NORM != 0u)
            [[unroll]] for (uint p = 0u; p < GAINS; p++)
                gains[p] = norm[l * STEPS + p * LANES + lane % min(STEPS, LANES)];
        for (uint i = 0u; i < STEPS; i++) {
            vec4 xs[PARTS];
            [[unroll]] for (uint p = 0u; p < PARTS; p++) xs[p] = x[x_from[p] + l * STEPS + i];
            if (NORM != 0u) {
                const vec4 gain = subgroupBroadcast(gains[0], i % LANES);
                [[unroll]] for (uint p = 0u; p < PARTS; p++) {
                    squares[p] += dot(xs[p], xs[p]);
                    xs[p] *= gain;
                }
            }
            vec4 ws[COLS];
            [[unroll]] for (uint c = 0u; c < COLS; c++) ws[c] = weight_step(load[c], i);
            [[unroll]] for (uint j = 0u; j < 4u; j++)
                [[unroll]] for (uint r = 0u; r < ROWS; r++) {
                    const float v = subgroupBroadcast(xs[r / LANES][j], r % LANES);
                    [[unroll]] for (uint c = 0u; c < COLS; c++) sums[r * COLS + c] += v * ws[c][j];
                }
            [[unroll]] for (uint c = 0u; c < COLS; c++) weight_next(load[c]);
            if (NORM != 0u && i % LANES == LANES - 1u) gains[0] = gains[GAINS - 1u];
        }
    }

    if (NORM != 0u)
        [[unroll]] for (uint p = 0u; p < PARTS; p++)
            squares[p] = inversesqrt(squares[p] / float(cols) + eps);
    else
        [[unroll]] for (uint p = 0u; p < PARTS; p++) squares[p] = 1.0;
    // A loop that moves the sums down, so that the end is compiled once and not ROWS * COLS times.
    for (uint r = 0u; r < ROWS && row0 + r < n; r++) {
        const float scale = subgroupBroadcast(squares[0], r % LANES);
        for (uint c = 0u; c < COLS; c++) {
            const float sum = sums[0];
            [[unroll]] for (uint i = 1u; i < ROWS * COLS; i++) sums[i - 1u] = sums[i];
            if ((glu == 0u || c % 2u == 0u) && col_of(c) < outs)
                finish(row0 + r, col_of(c), sum * scale, sums[0] * scale);
        }
        if (r % LANES == LANES - 1u)
            [[unroll]] for (uint p = 1u; p < PARTS; p++) squares[p - 1u] = squares[p];
    }
}

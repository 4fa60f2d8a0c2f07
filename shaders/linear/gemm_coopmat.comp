#version 460
//! y = act(norm(x) . w^T + bias) + add for many rows on matrix units: halves in, f32 sums
//! variant W: f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
//! needs: subgroup f16 coopmat
//! A subgroup sums pieces of SIDE x SIDE. Rows of x are first multiplied by a power of two, so that the
//! largest number of each is below 2^13: halves end at 65504, which some models' rows pass.
//! 15.75 KiB of shared memory at 32 x 64.
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#define ROWS_DEFAULT 32
#define COLS_DEFAULT 64
#define WG_DEFAULT 128
#include "linear/interface.glsl"

const uint DEEP = 32u;                                 // columns of x and w a round
const uint LINE = DEEP / 4u + 2u;                      // from a row to the next, in four halves
const uint LOADS = DEEP / LOAD;                        // of a row of w a round
const uint X_LANES = WG / ROWS;                        // lanes that load one row of x
const uint TALL = ROWS / SIDE, PIECES = TALL * (COLS / SIDE);
const uint MOST = (PIECES * LANES + WG - 1u) / WG;       // pieces of a subgroup
shared f16vec4 x_tile[ROWS * LINE];                    // [row][column]
shared f16vec4 w_tile[COLS * LINE];                    // [column of y][column of w]
shared float sums_tile[ROWS * COLS];                   // at first: what lanes measured of x
shared float up_by[ROWS], down_by[ROWS];

uint col_of(uint c) {
    if (glu != 0u) return gl_WorkGroupID.x * (COLS / 2u) + c / 2u;
    return gl_WorkGroupID.x * COLS + c;
}

// With glu the odd columns of the tile are the partners of the even ones.
uint w_row_of(uint c) {
    const uint col = min(col_of(c), outs - 1u);
    return glu != 0u && c % 2u == 1u ? col + outs : col;
}

vec4 x_at(uint row, uint i) {
    const vec4 v = x[row * x_stride + i];
    return NORM != 0u ? v * norm[i] : v;
}

// The largest number of this lane's part of a row and the sum of its squares.
void measure(uint me, uint row, uint part) {
    float most = 0.0, square = 0.0;
    for (uint i = part; i < cols / 4u; i += X_LANES) {
        const vec4 raw = x[row * x_stride + i], v = abs(x_at(row, i));
        square += dot(raw, raw);
        most = max(most, max(max(v.x, v.y), max(v.z, v.w)));
    }
    sums_tile[me] = most;
    sums_tile[WG + me] = square;
}

// The power of two that brings a row's largest number to 2^12 or up to twice that, and what takes
// its sums back, with the norm.
void scale_row(uint r) {
    float most = 0.0, square = 0.0;
    for (uint i = 0u; i < X_LANES; i++) {
        most = max(most, sums_tile[i * ROWS + r]);
        square += sums_tile[WG + i * ROWS + r];
    }
    const int lift = clamp(12 - (int(floatBitsToUint(most) >> 23) - 127), -110, 110);
    up_by[r] = uintBitsToFloat(uint(127 + lift) << 23);
    down_by[r] = uintBitsToFloat(uint(127 - lift) << 23);
    if (NORM != 0u) down_by[r] *= inversesqrt(square / float(cols) + eps);
}

void load_w(uint me, uint from) {
    for (uint at = me; at < COLS * LOADS; at += WG) {
        const uint c = at % COLS, l = at / COLS;
        Load load = weight_load(w_row_of(c), from / LOAD + l);
        [[unroll]] for (uint i = 0u; i < STEPS; i++) {
            w_tile[c * LINE + l * STEPS + i] = f16vec4(weight_step(load, i));
            weight_next(load);
        }
    }
}

void main() {
    const uint me = gl_LocalInvocationID.x, n = live_rows(), row0 = gl_WorkGroupID.y * ROWS;
    if (row0 >= n) return;
    const uint row_here = me % ROWS, part = me / ROWS, row = min(row0 + row_here, n - 1u);
    measure(me, row, part);
    barrier();
    if (me < ROWS) scale_row(me);
    barrier();

    // Subgroups without a piece of their own do the last one too, and do not keep it.
    const uint piece0 = gl_SubgroupID * MOST;
    coopmat<float, gl_ScopeSubgroup, SIDE, SIDE, gl_MatrixUseAccumulator> sums[MOST];
    [[unroll]] for (uint p = 0u; p < MOST; p++)
        sums[p] = coopmat<float, gl_ScopeSubgroup, SIDE, SIDE, gl_MatrixUseAccumulator>(0.0);
    for (uint from = 0u; from < cols; from += DEEP) {
        for (uint i = part; i < DEEP / 4u; i += X_LANES)
            x_tile[row_here * LINE + i] = f16vec4(x_at(row, from / 4u + i) * up_by[row_here]);
        load_w(me, from);
        barrier();
        [[unroll]] for (uint p = 0u; p < MOST; p++) {
            const uint piece = min(piece0 + p, PIECES - 1u);
            const uint tall = piece % TALL, wide = piece / TALL;
            [[unroll]] for (uint k = 0u; k < DEEP; k += SIDE) {
                coopmat<float16_t, gl_ScopeSubgroup, SIDE, SIDE, gl_MatrixUseA> a;
                coopmat<float16_t, gl_ScopeSubgroup, SIDE, SIDE, gl_MatrixUseB> b;
                coopMatLoad(a, x_tile, tall * SIDE * LINE + k / 4u, LINE,
                            gl_CooperativeMatrixLayoutRowMajor);
                coopMatLoad(b, w_tile, wide * SIDE * LINE + k / 4u, LINE,
                            gl_CooperativeMatrixLayoutColumnMajor);
                sums[p] = coopMatMulAdd(a, b, sums[p]);
            }
        }
        barrier();
    }

    // The tile of sums [row][column], then lanes take its columns in order.
    [[unroll]] for (uint p = 0u; p < MOST; p++) {
        const uint tall = (piece0 + p) % TALL, wide = (piece0 + p) / TALL;
        if (piece0 + p < PIECES)
            coopMatStore(sums[p], sums_tile, tall * SIDE * COLS + wide * SIDE, COLS,
                         gl_CooperativeMatrixLayoutRowMajor);
    }
    barrier();
    const uint step_c = glu != 0u ? 2u : 1u;
    for (uint at = me * step_c; at < ROWS * COLS; at += WG * step_c) {
        const uint r = at / COLS, c = at % COLS;
        if (row0 + r >= n || col_of(c) >= outs) continue;
        const float up = sums_tile[min(at + 1u, ROWS * COLS - 1u)];
        finish(row0 + r, col_of(c), sums_tile[at] * down_by[r], up * down_by[r]);
    }
}

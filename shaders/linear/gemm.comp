#version 460
//! y = act(norm(x) . w^T + bias) + add for many rows: tiles of ROWS x COLS in shared memory
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
//! WG is ROWS * COLS / 16: a lane sums 4 rows x 4 columns. 12 KiB of shared memory at 32 x 64.
#define ROWS_DEFAULT 32
#define COLS_DEFAULT 64
#define WG_DEFAULT 128
#include "linear/interface.glsl"

const uint DEEP = 32u; // columns of x and w a round
const uint TALL = ROWS / 4u, WIDE = COLS / 4u;
const uint LOADS = DEEP / LOAD;                          // of a row of w a round
const uint X_LANES = WG / ROWS;                          // lanes that load one row of x
shared vec4 tile[DEEP * TALL + DEEP * WIDE];             // x, then w; both [column][row]
const uint W_TILE = DEEP * TALL;
shared float squares[WG];

uint col_of(uint c) {
    if (glu != 0u) return gl_WorkGroupID.x * (COLS / 2u) + c / 2u;
    return gl_WorkGroupID.x * COLS + c;
}

// With glu the odd columns of the tile are the partners of the even ones.
uint w_row_of(uint c) {
    const uint col = min(col_of(c), outs - 1u);
    return glu != 0u && c % 2u == 1u ? col + outs : col;
}

float load_x(uint row, uint row_here, uint part, uint from) {
    float sum = 0.0;
    for (uint i = part; i < DEEP / 4u; i += X_LANES) {
        vec4 v = vec4(0.0);
        if (from + 4u * i < cols) {
            v = x[row * x_stride + from / 4u + i];
            if (NORM != 0u) {
                sum += dot(v, v);
                v *= norm[from / 4u + i];
            }
        }
        [[unroll]] for (uint j = 0u; j < 4u; j++)
            tile[(4u * i + j) * TALL + row_here / 4u][row_here % 4u] = v[j];
    }
    return sum;
}

void load_w(uint me, uint from) {
    for (uint at = me; at < COLS * LOADS; at += WG) {
        const uint c = at % COLS, l = at / COLS, k = from + l * LOAD;
        Load load = weight_load(w_row_of(c), min(k, cols - 1u) / LOAD);
        [[unroll]] for (uint i = 0u; i < STEPS; i++) {
            vec4 v = weight_step(load, i);
            if (k + 4u * i >= cols) v = vec4(0.0); // the rest of a row's last 16 bytes, or past it
            weight_next(load);
            [[unroll]] for (uint j = 0u; j < 4u; j++)
                tile[W_TILE + (l * LOAD + 4u * i + j) * WIDE + c / 4u][c % 4u] = v[j];
        }
    }
}

void main() {
    const uint me = gl_LocalInvocationID.x, n = live_rows(), row0 = gl_WorkGroupID.y * ROWS;
    if (row0 >= n) return;
    const uint row_here = me % ROWS, row = min(row0 + row_here, n - 1u);
    const uint tall = me % TALL, wide = me / TALL;
    vec4 sums[4] = vec4[](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    float square = 0.0;
    for (uint from = 0u; from < cols; from += DEEP) {
        square += load_x(row, row_here, me / ROWS, from);
        load_w(me, from);
        barrier();
        [[unroll]] for (uint k = 0u; k < DEEP; k++) {
            const vec4 a = tile[k * TALL + tall], b = tile[W_TILE + k * WIDE + wide];
            [[unroll]] for (uint i = 0u; i < 4u; i++) sums[i] += a[i] * b;
        }
        barrier();
    }

    // The tile of sums [row][column], then lanes take its columns in order.
    squares[me] = square;
    [[unroll]] for (uint i = 0u; i < 4u; i++) tile[(4u * tall + i) * WIDE + wide] = sums[i];
    barrier();
    const uint step_c = glu != 0u ? 2u : 1u;
    for (uint at = me * step_c; at < ROWS * COLS; at += WG * step_c) {
        const uint r = at / COLS, c = at % COLS;
        if (row0 + r >= n || col_of(c) >= outs) continue;
        float scale = 1.0;
        if (NORM != 0u) {
            float total = 0.0;
            for (uint i = 0u; i < X_LANES; i++) total += squares[i * ROWS + r];
            scale = inversesqrt(total / float(cols) + eps);
        }
        const float sum = tile[r * WIDE + c / 4u][c % 4u];
        const float up = tile[r * WIDE + c / 4u][min(c % 4u + 1u, 3u)];
        finish(row0 + r, col_of(c), sum * scale, up * scale);
    }
}

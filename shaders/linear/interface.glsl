// interface.glsl - what all linear kernels share: bindings, push constants, the end of a row.
//
// X_T is the type that x and norm are read by: vec4 (default) or float. Specialisation constants
// mean the same everywhere: WG lanes a workgroup, COLS outputs a lane (or a tile's width), ROWS
// rows of x a lane (or a tile's height), LANES the subgroup's size, NORM 1 folds RMSNorm in, SIDE the
// rows and columns of a piece that matrix units take.
#extension GL_EXT_control_flow_attributes : require
#ifndef X_T
#define X_T vec4
#endif
#ifndef WG_DEFAULT
#define WG_DEFAULT 64
#endif
#ifndef ROWS_DEFAULT
#define ROWS_DEFAULT 1
#endif
#ifndef COLS_DEFAULT
#define COLS_DEFAULT 1
#endif
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = WG_DEFAULT;
layout(constant_id = 1) const uint COLS = COLS_DEFAULT;
layout(constant_id = 2) const uint ROWS = ROWS_DEFAULT;
layout(constant_id = 3) const uint LANES = 8;
layout(constant_id = 4) const uint NORM = 0;
layout(constant_id = 5) const uint SIDE = 16;

layout(binding = 0) readonly buffer B0 { X_T x[]; };
#ifdef W_TEXELS
layout(binding = 1, rgba32ui) readonly uniform uimageBuffer w;
#define W_AT(i) imageLoad(w, int(i))
#else
layout(binding = 1) readonly buffer B1 { uvec4 w[]; };
#endif
layout(binding = 2) readonly buffer B2 { uint h[]; };
layout(binding = 3) readonly buffer B3 { uint s[]; };
layout(binding = 4) readonly buffer B4 { float bias[]; };
layout(binding = 5) readonly buffer B5 { X_T norm[]; };
layout(binding = 6) readonly buffer B6 { float add[]; };
layout(binding = 7) writeonly buffer B7 { float y[]; };
layout(binding = 8) readonly buffer B8 { uint step[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;     // of w: the length of the sums
    uint outs;     // columns of y made here; with glu w has outs gate rows and outs up rows
    uint first;    // column of y that w's first row makes
    uint x_stride; // in X_T
    uint y_stride;
    uint add_stride;
    uint w_stride;
    uint h_stride;
    uint s_stride;
    uint act;
    uint has_bias;
    uint has_add;
    uint has_step;
    uint glu;
    float eps;
};
#include "common/act.glsl"
#include "common/dequant.glsl"
#include "common/step.glsl"

uint live_rows() { return has_step != 0u ? min(rows, step[STEP_ROWS]) : rows; }

// y[row][col] from the sum of w's row `col` and, with glu, of its partner `outs` rows further.
void finish(uint row, uint col, float sum, float up) {
    const uint at = first + col;
    if (has_bias != 0u) sum += bias[at];
    float v = activate(act, sum);
    if (glu != 0u) {
        if (has_bias != 0u) up += bias[at + outs];
        v *= up;
    }
    if (has_add != 0u) v += add[row * add_stride + at];
    y[row * y_stride + at] = v;
}

#version 460
//! LayerNorm or RMSNorm of rows: a workgroup a row
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 128;
#include "norm/norm.glsl"

shared float part[WG];

float row_total(float mine) {
    const uint me = gl_LocalInvocationID.x;
    part[me] = mine;
    barrier();
    for (uint reach = WG / 2; reach > 0; reach >>= 1) {
        if (me < reach) part[me] += part[me + reach];
        barrier();
    }
    const float sum = part[0];
    barrier(); // nobody writes for the next sum before all have read this one
    return sum;
}

void main() {
    const uint n = live_rows();
    for (uint row = gl_WorkGroupID.x; row < n; row += gl_NumWorkGroups.x)
        norm_row(row, gl_LocalInvocationID.x, WG);
}

#version 460
//! Softmax of rows: a workgroup a row
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 128;
#include "norm/softmax.glsl"

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
    barrier(); // nobody writes for the next one before all have read this one
    return sum;
}

float row_max(float mine) {
    const uint me = gl_LocalInvocationID.x;
    part[me] = mine;
    barrier();
    for (uint reach = WG / 2; reach > 0; reach >>= 1) {
        if (me < reach) part[me] = max(part[me], part[me + reach]);
        barrier();
    }
    const float most = part[0];
    barrier();
    return most;
}

void main() {
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x)
        softmax_row(row, gl_LocalInvocationID.x, WG);
}

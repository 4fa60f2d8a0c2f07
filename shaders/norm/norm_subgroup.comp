#version 460
//! LayerNorm or RMSNorm of rows: a workgroup a row, sums by subgroups
//! variant V: one four
//! needs: subgroup
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 128;
#include "norm/norm.glsl"

shared float part[WG]; // as many as subgroups of one lane would need

float row_total(float mine) {
    const float sub = subgroupAdd(mine);
    if (subgroupElect()) part[gl_SubgroupID] = sub;
    barrier();
    float sum = 0.0;
    for (uint i = 0; i < gl_NumSubgroups; i++) sum += part[i];
    barrier(); // nobody writes for the next sum before all have read this one
    return sum;
}

void main() {
    const uint n = live_rows();
    for (uint row = gl_WorkGroupID.x; row < n; row += gl_NumWorkGroups.x)
        norm_row(row, gl_LocalInvocationID.x, WG);
}

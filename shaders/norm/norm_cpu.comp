#version 460
//! LayerNorm or RMSNorm of rows: a subgroup a row, no shared memory, no barrier
//! variant V: one four
//! needs: cpu
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 8;
#include "norm/norm.glsl"

float row_total(float mine) { return subgroupAdd(mine); }

void main() {
    const uint n = live_rows(), rows_at_once = gl_NumWorkGroups.x * gl_NumSubgroups;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < n;
         row += rows_at_once)
        norm_row(row, gl_SubgroupInvocationID, gl_SubgroupSize);
}

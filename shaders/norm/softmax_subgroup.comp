#version 460
//! Softmax of rows: a subgroup a row, no shared memory, no barrier
//! variant V: one four
//! needs: subgroup
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "norm/softmax.glsl"

float row_total(float mine) { return subgroupAdd(mine); }
float row_max(float mine) { return subgroupMax(mine); }

void main() {
    const uint rows_at_once = gl_NumWorkGroups.x * gl_NumSubgroups;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows;
         row += rows_at_once)
        softmax_row(row, gl_SubgroupInvocationID, gl_SubgroupSize);
}

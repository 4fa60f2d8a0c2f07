#version 460
//! Largest key of each tile of logits and the lowest place that has it: a subgroup a tile
//! needs: subgroup
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
layout(constant_id = 1) const uint TILE = 256;
#include "sample/keys.glsl"

layout(binding = 0) readonly buffer B0 { uint logits[]; };
layout(binding = 1) writeonly buffer B1 { uvec2 best[]; };
layout(push_constant) uniform Push {
    uint cols;
    uint tiles;
};

void main() {
    const uint at_once = gl_NumWorkGroups.x * gl_NumSubgroups;
    for (uint tile = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; tile < tiles;
         tile += at_once) {
        uint key = 0u, place = 0xFFFFFFFFu;
        const uint end = min(cols, (tile + 1u) * TILE);
        for (uint i = tile * TILE + gl_SubgroupInvocationID; i < end; i += gl_SubgroupSize) {
            const uint k = key_of(logits[i]);
            if (k > key || place == 0xFFFFFFFFu) {
                key = k;
                place = i;
            }
        }
        const uint top = subgroupMax(key);
        const uint lowest = subgroupMin(key == top ? place : 0xFFFFFFFFu);
        if (subgroupElect()) best[tile] = uvec2(top, lowest);
    }
}

#version 460
//! Largest key of each tile of logits and the lowest place that has it: a workgroup a tile
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

shared uvec2 part[WG];

// The larger key, and of equal keys the lower place.
uvec2 better(uvec2 a, uvec2 b) {
    return b.x > a.x || (b.x == a.x && b.y < a.y) ? b : a;
}

void main() {
    const uint me = gl_LocalInvocationID.x;
    for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) {
        uvec2 mine = uvec2(0u, 0xFFFFFFFFu);
        const uint end = min(cols, (tile + 1u) * TILE);
        for (uint i = tile * TILE + me; i < end; i += WG)
            mine = better(mine, uvec2(key_of(logits[i]), i));
        part[me] = mine;
        barrier();
        for (uint reach = WG / 2; reach > 0; reach >>= 1) {
            if (me < reach) part[me] = better(part[me], part[me + reach]);
            barrier();
        }
        if (me == 0u) best[tile] = part[0];
        barrier(); // nobody writes for the next tile before this one is out
    }
}

#version 460
//! y = x, 16 bytes a lane: the device's copy bandwidth
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;

layout(binding = 0) readonly buffer B0 { uvec4 x[]; };
layout(binding = 1) writeonly buffer B1 { uvec4 y[]; };
layout(push_constant) uniform Push { uint n; uint per_lane; };

void main() {
    uint first = gl_WorkGroupID.x * WG * per_lane + gl_LocalInvocationID.x;
    for (uint i = 0; i < per_lane; i++) {
        uint at = first + i * WG;
        if (at < n) y[at] = x[at];
    }
}

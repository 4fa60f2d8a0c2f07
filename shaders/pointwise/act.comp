#version 460
//! y = act(a), or act(a) * b
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
layout(constant_id = 1) const uint ACT = 0; // enum act; constant, so that only its code remains
layout(constant_id = 2) const uint GLU = 0;
#include "common/act.glsl"
#include "common/vec.glsl"

layout(binding = 0) readonly buffer B0 { V_T a[]; };
layout(binding = 1) readonly buffer B1 { V_T b[]; };
layout(binding = 2) writeonly buffer B2 { V_T y[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;
    uint a_stride;
    uint b_stride;
    uint y_stride;
};

#ifdef V_four
vec4 act_of(vec4 v) {
    return vec4(activate(ACT, v.x), activate(ACT, v.y), activate(ACT, v.z), activate(ACT, v.w));
}
#else
float act_of(float v) { return activate(ACT, v); }
#endif

void main() {
    const uint col = gl_GlobalInvocationID.x;
    if (col >= cols / V_N) return;
    for (uint row = gl_WorkGroupID.y; row < rows; row += gl_NumWorkGroups.y) {
        V_T v = act_of(a[row * (a_stride / V_N) + col]);
        if (GLU != 0u) v *= b[row * (b_stride / V_N) + col];
        y[row * (y_stride / V_N) + col] = v;
    }
}

#version 460
//! y = act(a), or act(a) * b, or cap * tanh(act(a) / cap)
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
    float cap; // 0: none
};

// Taylor's series where 1 - e^-2|z| would cancel; off by 4e-7 of itself at most.
float capped(float v) {
    precise float z = abs(v / cap), q = z * z;
    if (z < 0.4) {
        precise float p = 0.0035921281;
        p = p * q - 0.0088632355;
        p = p * q + 0.0218694885;
        p = p * q - 0.0539682540;
        p = p * q + 0.1333333333;
        p = p * q - 0.3333333333;
        return v + v * q * p;
    }
    precise float e = exact_exp(-2.0 * z);
    precise float t = cap * ((1.0 - e) / (1.0 + e));
    return v < 0.0 ? -t : t;
}

float one_of(float v) {
    v = activate(ACT, v);
    return cap != 0.0 ? capped(v) : v;
}

#ifdef V_four
vec4 act_of(vec4 v) { return vec4(one_of(v.x), one_of(v.y), one_of(v.z), one_of(v.w)); }
#else
float act_of(float v) { return one_of(v); }
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

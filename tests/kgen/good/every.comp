#version 460
//! Everything "allowed": y = w x?\
//! a second line: of explanation
//! variant W: f32 f16
//! variant P: one two three
//! needs: subgroup f16
//! inout: state
//! groups: rows
#include "common/type.glsl"
layout(local_size_x_id = 5) in;
layout(constant_id = 5) const uint WG = 128;
layout(constant_id = 2) const int SHIFT = -3;
layout(constant_id = 9) const float SCALE = 0.5;
layout(constant_id = 1) const bool CAUSAL = true;
layout(constant_id = 11) const uint UNUSED = 7;
#if defined(P_two)
const float part = 2.0;
#elif defined(P_three)
const float part = 3.0;
#elif defined(P_one)
const float part = 1.0;
#endif
layout(binding = 0) readonly buffer X { uvec4 x[]; };
layout(binding = 1) readonly buffer W { W_T w[]; };
layout(binding = 3) writeonly buffer Y { float y[]; };
layout(binding = 2) buffer State { uint state[16]; };
layout(binding = 4) readonly buffer Idle { uvec2 idle[]; };
layout(push_constant) uniform Push { uint cols; int first; float eps; };

void main() {
    const uint i = gl_GlobalInvocationID.x;
    state[i % 16] += uint(first + SHIFT);
    y[i] = CAUSAL ? part * SCALE * float(w[i % cols]) * float(x[i].x) + eps : 0.0;
}

#version 460
//! Chains of multiply-adds in registers: the device's arithmetic rate in f32
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;

layout(binding = 0) writeonly buffer B0 { float y[]; };
layout(push_constant) uniform Push { uint n; uint rounds; float scale; float shift; };

void main() {
    uint me = gl_GlobalInvocationID.x;
    vec4 a = vec4(float(me), 1.0, 2.0, 3.0), b = a + 1.0, c = a + 2.0, d = a + 3.0;
    for (uint i = 0; i < rounds; i++) {
        a = a * scale + shift;
        b = b * scale + shift;
        c = c * scale + shift;
        d = d * scale + shift;
    }
    if (me < n) y[me] = dot(a + b + c + d, vec4(1.0));
}

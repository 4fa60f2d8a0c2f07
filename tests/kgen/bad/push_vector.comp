#version 460
//! y = x
// expect: push constant 'size' must be a 32-bit scalar
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uvec2 size; };
void main() { y[size.x] = x[size.y]; }

#version 460
//! y = x
// expect: push constant 'scale' must be a 32-bit scalar
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { double scale; };
void main() { y[0] = float(scale) * x[0]; }

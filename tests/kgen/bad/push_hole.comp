#version 460
//! y = x
// expect: push constant 'eps' is at byte 8, but 4 is next: no holes
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint cols; layout(offset = 8) float eps; };
void main() { y[cols] = x[0] + eps; }

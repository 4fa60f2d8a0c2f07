#version 460
//! y = x
// expect: block 'Y': bindings go from 0 to 15
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 16) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

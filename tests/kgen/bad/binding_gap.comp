#version 460
//! y = x
// expect: bindings must be dense from 0, and 1 is missing
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 2) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

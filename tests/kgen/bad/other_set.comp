#version 460
//! y = x
// expect: block 'X' is in set 1; only set 0 is allowed
layout(local_size_x = 1) in;
layout(set = 1, binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

#version 460
//! y = x
// expect: binding 0 is used by 'y' and by 'x'
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 0) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

#version 460
//! y = x
// expect: local_size_*_id = 3 has no constant of its own
layout(local_size_x_id = 3) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

#version 460
//! y = x
// expect: block 'X' must hold exactly one array
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x; }

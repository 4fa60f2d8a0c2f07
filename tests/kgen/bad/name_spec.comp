#version 460
//! y = x
// expect: the name 'spec' is taken
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float spec[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = spec[0]; }

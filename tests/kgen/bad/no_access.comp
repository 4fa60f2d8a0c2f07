#version 460
//! y = x
// expect: buffer 'x' is neither readonly nor writeonly; mark it `//! inout: x`
layout(local_size_x = 1) in;
layout(binding = 0) buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

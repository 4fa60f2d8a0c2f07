#version 460
//! y = x
//! variant A: a
//! variant B: b
//! variant C: c
//! variant D: d
// expect: axis 'D': at most 3 axes
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

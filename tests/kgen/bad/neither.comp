#version 460
//! y = x
// expect: buffer 'x' is neither read nor written
layout(local_size_x = 1) in;
layout(binding = 0) readonly writeonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = 1.0; }

#version 460
//! y = x
// expect: specialisation constant 'SCALE' must be 32 bits wide
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
layout(constant_id = 0) const double SCALE = 2.0;
void main() { y[0] = float(SCALE) * x[0]; }

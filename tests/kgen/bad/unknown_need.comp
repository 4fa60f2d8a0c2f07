#version 460
//! y = x
//! needs: float16
// expect: need 'float16' is none of subgroup f16 int_dot coopmat cpu texels
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }

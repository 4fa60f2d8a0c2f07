#version 460
//! y = x
// expect: does not compile
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
layout(constant_id = 0) const uint WG = 64;
layout(constant_id = 0) const uint TILE = 4;
void main() { y[WG] = x[TILE]; }

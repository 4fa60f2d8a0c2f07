#version 460
//! y = x
// expect: 'X' is no storage buffer; nothing else can be bound
layout(local_size_x = 1) in;
layout(binding = 0) uniform X { vec4 x[4]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0].x; }

#version 460
//! y = x
// expect: is no storage buffer; nothing else can be bound
layout(local_size_x = 1) in;
layout(binding = 0) uniform sampler2D picture;
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = textureLod(picture, vec2(0.5), 0.0).x; }

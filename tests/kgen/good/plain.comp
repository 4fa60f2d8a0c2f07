#version 460
//! y = 1
layout(local_size_x = 1) in;
layout(binding = 0) writeonly buffer Y { float y[]; };
void main() { y[gl_GlobalInvocationID.x] = 1.0; }

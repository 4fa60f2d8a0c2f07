#version 460
//! y = 1, with an extension that no compiler knows
//! needs: coopmat
#extension GL_KHR_no_such_extension : require
layout(local_size_x = 1) in;
layout(binding = 0) writeonly buffer Y { float y[]; };
void main() { y[gl_GlobalInvocationID.x] = 1.0; }

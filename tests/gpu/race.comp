#version 460
// What no kernel may do: each lane reads what its neighbour wrote without waiting for it.
layout(local_size_x = 64) in;
layout(constant_id = 0) const uint WAIT = 0;
layout(binding = 0) writeonly buffer B0 { uint y[]; };
shared uint kept[64];

void main() {
    const uint lane = gl_LocalInvocationID.x;
    kept[lane] = lane;
    if (WAIT != 0u) barrier();
    y[lane] = kept[(lane + 1) % 64];
}

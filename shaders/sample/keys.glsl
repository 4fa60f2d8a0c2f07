// keys.glsl - logits as unsigned keys of the same order, so that comparing is exact everywhere.

const uint key_bad = 0xFFFFFFFFu; // NaN or infinite: above every number

// -0 becomes +0: equal logits have equal keys.
uint key_of(uint bits) {
    if ((bits & 0x7F800000u) == 0x7F800000u) return key_bad;
    if ((bits & 0x7FFFFFFFu) == 0u) return 0x80000000u;
    return (bits & 0x80000000u) != 0u ? ~bits : bits | 0x80000000u;
}

float logit_of(uint key) {
    return uintBitsToFloat((key & 0x80000000u) != 0u ? key & 0x7FFFFFFFu : ~key);
}

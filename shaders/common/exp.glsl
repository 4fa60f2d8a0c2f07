// exp.glsl - e^x with the same bits on every device that adds and multiplies as IEEE 754 says.
//
// float exact_exp(float x): relative error at most 1.2e-7 for -87 <= x <= 88; outside, the value at
// the nearer end (so never infinite, never zero). NaN stays NaN.
#ifndef EXP_GLSL
#define EXP_GLSL

float exact_exp(float x) {
    precise float t = x < -87.0 ? -87.0 : (x > 88.0 ? 88.0 : x);
    precise float n = floor(t * 1.44269504 + 0.5);
    // ln 2 in two parts, so that n times the first is exact.
    precise float f = (t - n * 0.693359375) - n * -2.12194440e-4;
    precise float p = 1.98412698e-4;
    p = p * f + 1.38888889e-3;
    p = p * f + 8.33333333e-3;
    p = p * f + 4.16666667e-2;
    p = p * f + 1.66666667e-1;
    p = p * f + 0.5;
    p = p * f + 1.0;
    p = p * f + 1.0;
    // A NaN must not reach the conversion to an integer, whose result would be undefined.
    if (!(x == x)) return x;
    return p * uintBitsToFloat(uint(int(n) + 127) << 23);
}
#endif

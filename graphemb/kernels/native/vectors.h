/* Vectors of LANES floats, LANES given by the level that includes this. */
#ifndef GRAPHEMB_VECTORS_H
#define GRAPHEMB_VECTORS_H

#include "kernels.h"

/* Read and written through pointers: gcc copies 32 bytes by memcpy in two halves, over the stack. */
typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec value) { *(vec *)to = value; }
INLINE vec splat(float x) { return x - (vec){0}; }

INLINE float total_of(vec v) {
    quad part[LANES / 4];
    for (int i = 0; i < LANES / 4; i++) part[i] = ((const quad *)&v)[i];
    for (int step = LANES / 8; step; step /= 2)
        for (int i = 0; i < step; i++) part[i] += part[i + step];
    return (part[0][0] + part[0][2]) + (part[0][1] + part[0][3]);
}

/* Keeps a value that is used several times in a register: else gcc reads its memory each time. */
#if defined(__GNUC__) && defined(__x86_64__)
#define HOLD(v) __asm__("" : "+x"(v))
#else
#define HOLD(v) (void)0
#endif

/* The lanes of two vectors in the order that is given. */
#if defined(__clang__) || __GNUC__ >= 12
#define LANES_OF(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t lanes __attribute__((vector_size(LANES * 4)));
#define LANES_OF(a, b, ...) __builtin_shuffle(a, b, (lanes){__VA_ARGS__})
#endif

/* Each of these halves what is left of two vectors, and leaves both side by side. */
#if LANES == 16
INLINE vec halves_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           LANES_OF(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}
INLINE vec quads_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           LANES_OF(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
INLINE vec pairs_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           LANES_OF(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
INLINE vec ones_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +
           LANES_OF(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
}
#elif LANES == 8
INLINE vec quads_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + LANES_OF(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}
INLINE vec pairs_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 1, 8, 9, 4, 5, 12, 13) + LANES_OF(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
INLINE vec ones_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 2, 8, 10, 4, 6, 12, 14) + LANES_OF(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}
#else
INLINE vec pairs_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 1, 4, 5) + LANES_OF(a, b, 2, 3, 6, 7);
}
INLINE vec ones_added(vec a, vec b) {
    return LANES_OF(a, b, 0, 2, 4, 6) + LANES_OF(a, b, 1, 3, 5, 7);
}
#endif

/* The sums over the lanes of LANES vectors, in one vector: that of v[i] in lane i. */
INLINE vec totals_of(const vec *v) {
    vec four[4]; /* lanes 4 L … 4 L + 3 of four[s]: what is left of v[4 L + s] */
#pragma GCC unroll 4
    for (int s = 0; s < 4; s++) {
#if LANES == 16
        vec low = halves_added(v[s], v[4 + s]), high = halves_added(v[8 + s], v[12 + s]);
        four[s] = quads_added(low, high);
#elif LANES == 8
        four[s] = quads_added(v[s], v[4 + s]);
#else
        four[s] = v[s];
#endif
    }
    return ones_added(pairs_added(four[0], four[1]), pairs_added(four[2], four[3]));
}

/* A float16 that is no less than 0: its bits are moved, and its exponent's bias by a product. */
INLINE float from_half(uint16_t half) {
    union { uint32_t bits; float number; } moved = {(uint32_t)half << 13};
    return moved.number * 0x1p112f;
}

#endif

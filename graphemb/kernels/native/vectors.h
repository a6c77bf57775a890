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

/* A float16 that is no less than 0: its bits are moved, and its exponent's bias by a product. */
INLINE float from_half(uint16_t half) {
    union { uint32_t bits; float number; } moved = {(uint32_t)half << 13};
    return moved.number * 0x1p112f;
}

#endif

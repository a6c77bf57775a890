/* out[i, :] = Σ_j weights[j] · table[columns[j], :], the table in float16. */
#ifndef GRAPHEMB_HALVES_H
#define GRAPHEMB_HALVES_H

#include "vectors.h"

typedef uint16_t halves __attribute__((vector_size(LANES * 2), aligned(2), may_alias));
typedef uint32_t words __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

/* As from_half, with the sign; finite numbers only. */
INLINE vec from_halves(const uint16_t *from) {
    words bits = __builtin_convertvector(*(const halves *)from, words);
    words moved = (bits & 0x7FFF) << 13;
    words sign = (bits & 0x8000) << 16;
    vec size = (vec)moved * splat(0x1p112f);
    return (vec)((words)size | sign);
}

INLINE float any_half(uint16_t half) {
    float size = from_half(half & 0x7FFF);
    return half & 0x8000 ? -size : size;
}

#define STRETCH 8 /* vectors of an output row in registers at a time */

INLINE void stretch_of_row(const int32_t *columns, const float *weights, int64_t n,
                           const uint16_t *table, int64_t dim, float *out, int k) {
    vec total[STRETCH];
#pragma GCC unroll 8
    for (int t = 0; t < k; t++) total[t] = splat(0.0f);
    for (int64_t j = 0; j < n; j++) {
        const uint16_t *from = table + (int64_t)columns[j] * dim;
        vec w = splat(weights[j]);
#pragma GCC unroll 8
        for (int t = 0; t < k; t++) total[t] += w * from_halves(from + t * LANES);
    }
#pragma GCC unroll 8
    for (int t = 0; t < k; t++) store(out + t * LANES, total[t]);
}

static void half_rows(const int64_t *ptr, const int32_t *columns, const float *weights,
                      const uint16_t *table, int64_t dim, int64_t n, float *out) {
    for (int64_t row = 0; row < n; row++) {
        const int32_t *c = columns + ptr[row];
        const float *w = weights + ptr[row];
        int64_t entries = ptr[row + 1] - ptr[row], at = 0;
        float *to = out + row * dim;
        for (; at + STRETCH * LANES <= dim; at += STRETCH * LANES)
            stretch_of_row(c, w, entries, table + at, dim, to + at, STRETCH);
        for (; at + LANES <= dim; at += LANES)
            stretch_of_row(c, w, entries, table + at, dim, to + at, 1);
        for (; at < dim; at++) {
            to[at] = 0.0f;
            for (int64_t j = 0; j < entries; j++)
                to[at] += w[j] * any_half(table[(int64_t)c[j] * dim + at]);
        }
    }
}

#endif

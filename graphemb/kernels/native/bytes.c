/* Cosines of queries and names from coordinates in 8 bits.
 *
 * A name's coordinates are int8, four of each of 16 names side by side, a query's are uint8 (128 is
 * zero): vpdpbusd (AVX-512 VNNI) takes 64 products at once. Processors without it have no loop here.
 */
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))

#define QUERIES 12 /* that are held in registers at a time, for 32 names */

VNNI static void byte_tile(
    const int8_t *names, int64_t steps, const uint8_t *queries, int count, __m512i sums[QUERIES][2]) {
    __m512i total[QUERIES][2];
#pragma GCC unroll 12
    for (int q = 0; q < QUERIES; q++) total[q][0] = total[q][1] = _mm512_setzero_si512();
    for (int64_t s = 0; s < steps; s++) {
        __m512i left = _mm512_loadu_si512(names + s * 64);
        __m512i right = _mm512_loadu_si512(names + (steps + s) * 64);
#pragma GCC unroll 12
        for (int q = 0; q < QUERIES; q++) {
            int32_t four;
            memcpy(&four, queries + (q < count ? q : 0) * steps * 4 + s * 4, 4);
            __m512i query = _mm512_set1_epi32(four);
            total[q][0] = _mm512_dpbusd_epi32(total[q][0], query, left);
            total[q][1] = _mm512_dpbusd_epi32(total[q][1], query, right);
        }
    }
    for (int q = 0; q < QUERIES; q++) {
        sums[q][0] = total[q][0];
        sums[q][1] = total[q][1];
    }
}

VNNI int byte_scores(
    const Bytes *b, const uint8_t *queries, const float *scales, int64_t n, float *out) {
    if (level_here() != &level_v4 || !__builtin_cpu_supports("avx512vnni")) return -1;
    __m512i sums[QUERIES][2];
    for (int64_t first = 0; first < b->n_names; first += 32)
        for (int64_t q = 0; q < n; q += QUERIES) {
            int count = n - q < QUERIES ? (int)(n - q) : QUERIES;
            byte_tile(b->codes + first * b->steps * 4, b->steps, queries + q * b->steps * 4, count,
                      sums);
            for (int i = 0; i < count; i++)
                for (int half = 0; half < 2; half++) {
                    int64_t at = first + 16 * half, left = b->n_names - at;
                    if (left <= 0) break;
                    __m512i offset = _mm512_loadu_si512(b->offsets + at);
                    __m512 value = _mm512_cvtepi32_ps(_mm512_sub_epi32(sums[i][half], offset));
                    value = _mm512_mul_ps(value, _mm512_loadu_ps(b->scales + at));
                    value = _mm512_mul_ps(value, _mm512_set1_ps(scales[q + i]));
                    __mmask16 mask = left < 16 ? (__mmask16)((1 << left) - 1) : 0xFFFF;
                    _mm512_mask_storeu_ps(out + (q + i) * b->n_names + at, mask, value);
                }
        }
    return 0;
}
#else
int byte_scores(const Bytes *b, const uint8_t *queries, const float *scales, int64_t n,
                       float *out) {
    (void)b, (void)queries, (void)scales, (void)n, (void)out;
    return -1;
}
#endif

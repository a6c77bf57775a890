/* Hashes of texts, and rows of a random projection made of them. */
#include "kernels.h"

#include <math.h>

/* Entry c of a row is made of the hash of the node's id and c alone. */
void projection_rows(const uint64_t *hashes, const float *scale, float *out, int64_t n, int64_t dim,
                     int kind, double density) {
    const double half = 0.5 / density, size = sqrt(density);
    for (int64_t i = 0; i < n; i++) {
        const float s = scale ? scale[i] : 1.0f;
        const float big = (float)size * s;
        for (int64_t c = 0; c < dim; c++) {
            uint64_t bits = mixed(hashes[i] + (uint64_t)(c + 1) * GOLDEN);
            double u = ((double)(bits >> 11) + 0.5) / 9007199254740992.0;
            float value;
            if (kind == 0) {
                value = u < half ? big : u > 1.0 - half ? -big : 0.0f;
            } else if (kind == 2) {
                value = (float)(u - 0.5) * s;
            } else {
                double other = (double)(mixed(bits) >> 11) / 9007199254740992.0;
                value = (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * other)) * s;
            }
            out[i * dim + c] = value;
        }
    }
}

/* A 64-bit hash of each of n texts that stand in `bytes`, each ended by a zero byte. */
void text_hashes(const uint8_t *bytes, int64_t length, uint64_t seed, uint64_t *out, int64_t n) {
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t state = seed, word = 0;
        int filled = 0;
        for (; at < length && bytes[at]; at++) {
            word |= (uint64_t)bytes[at] << (8 * filled);
            if (++filled == 8) {
                state = mixed(state ^ word) + GOLDEN;
                word = 0;
                filled = 0;
            }
        }
        at++;
        /* The last word, full or not; ids hold no zero byte, so lengths cannot be confused. */
        out[i] = mixed(mixed(state ^ word) + (uint64_t)filled * GOLDEN);
    }
}

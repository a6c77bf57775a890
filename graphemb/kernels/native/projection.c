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

/* The entries of a sparse projection that are not 0, as rows of columns and values: `ptr` (n + 1).
 * Returns how many there are, or -1 where there are more than `most`. */
int64_t projection_entries(const uint64_t *hashes, const float *scale, int64_t n, int64_t dim,
                           double density, int64_t most, int64_t *ptr, int32_t *columns,
                           float *values) {
    const double half = 0.5 / density;
    const float size = (float)sqrt(density);
    /* The smallest draws that are no longer below `half`, and that are above 1 - half. */
    uint64_t low = (uint64_t)(half * 9007199254740992.0);
    uint64_t high = (uint64_t)((1.0 - half) * 9007199254740992.0);
    while (low && ((double)(low - 1) + 0.5) / 9007199254740992.0 >= half) low--;
    while (((double)low + 0.5) / 9007199254740992.0 < half) low++;
    while (high && ((double)(high - 1) + 0.5) / 9007199254740992.0 > 1.0 - half) high--;
    while (((double)high + 0.5) / 9007199254740992.0 <= 1.0 - half) high++;
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        const float big = size * (scale ? scale[i] : 1.0f);
        ptr[i] = found;
        uint64_t at = hashes[i];
        for (int64_t c = 0; c < dim; c++) {
            uint64_t draw = mixed(at += GOLDEN) >> 11;
            if (draw - low < high - low) continue;
            if (found == most) return -1;
            columns[found] = (int32_t)c;
            values[found++] = draw < low ? big : -big;
        }
    }
    ptr[n] = found;
    return found;
}

/* out[i, :] = scale[i] · Σ_j weights[j] · row columns[j] of another sparse matrix. */
void sparse_rows(const int64_t *ptr, const int32_t *columns, const float *weights,
                 const float *scale, const int64_t *other_ptr, const int32_t *other_columns,
                 const float *other_values, float *out, int64_t dim, int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
        float *to = out + row * dim;
        memset(to, 0, sizeof(float) * (size_t)dim);
        for (int64_t j = ptr[row]; j < ptr[row + 1]; j++) {
            float w = weights ? weights[j] : 1.0f;
            for (int64_t e = other_ptr[columns[j]]; e < other_ptr[columns[j] + 1]; e++)
                to[other_columns[e]] += w * other_values[e];
        }
        if (scale)
            for (int64_t c = 0; c < dim; c++) to[c] *= scale[row];
    }
}

/* Adds to sums (2, dim) each column's sum of x - shift and of its square. */
void column_sums(const float *rows, const float *shift, int64_t n, int64_t dim, double *sums) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < dim; c++) {
            double x = (double)rows[i * dim + c] - shift[c];
            sums[c] += x;
            sums[dim + c] += x * x;
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

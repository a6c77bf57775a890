/* out[i, :] = scale[i] · Σ_j weights[j] · dense[columns[j], :] over the entries j of row i.
 *
 * A tile of the output row stays in registers while the row's entries are read once per tile.
 */
#include "vectors.h"

#define TILE (LANES == 4 ? 6 : 8) /* vectors of an output row in registers at a time */

INLINE void tile_of_row(const int64_t *ptr, const int32_t *columns, const float *weights,
                        float factor, const float *dense, float *out, int64_t dim, int64_t row,
                        int64_t at, int n) {
    vec total[8];
#pragma GCC unroll 8
    for (int t = 0; t < n; t++) total[t] = splat(0.0f);
    if (weights) {
        for (int64_t j = ptr[row]; j < ptr[row + 1]; j++) {
            const float *from = dense + (int64_t)columns[j] * dim + at;
            vec w = splat(weights[j]);
#pragma GCC unroll 8
            for (int t = 0; t < n; t++) total[t] += w * load(from + t * LANES);
        }
    } else {
        for (int64_t j = ptr[row]; j < ptr[row + 1]; j++) {
            const float *from = dense + (int64_t)columns[j] * dim + at;
#pragma GCC unroll 8
            for (int t = 0; t < n; t++) total[t] += load(from + t * LANES);
        }
    }
    vec f = splat(factor);
#pragma GCC unroll 8
    for (int t = 0; t < n; t++) store(out + row * dim + at + t * LANES, f * total[t]);
}

static void spmm_rows(const int64_t *ptr, const int32_t *columns, const float *weights,
                      const float *scale, const float *dense, float *out, int64_t dim,
                      int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
        float factor = scale ? scale[row] : 1.0f;
        int64_t at = 0;
        for (; at + TILE * LANES <= dim; at += TILE * LANES)
            tile_of_row(ptr, columns, weights, factor, dense, out, dim, row, at, TILE);
        for (; at + 2 * LANES <= dim; at += 2 * LANES)
            tile_of_row(ptr, columns, weights, factor, dense, out, dim, row, at, 2);
        for (; at + LANES <= dim; at += LANES)
            tile_of_row(ptr, columns, weights, factor, dense, out, dim, row, at, 1);
        for (; at < dim; at++) {
            float total = 0.0f;
            for (int64_t j = ptr[row]; j < ptr[row + 1]; j++)
                total += (weights ? weights[j] : 1.0f) * dense[(int64_t)columns[j] * dim + at];
            out[row * dim + at] = factor * total;
        }
    }
}

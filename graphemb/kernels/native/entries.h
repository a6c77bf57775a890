/* A sparse random projection by its entries, and its product with sparse rows. */
#include "vectors.h"

#include <math.h>

#define DRAWS 16 /* entries drawn at a time: most groups hold none that is not 0 */

/* Rows of columns and values, `ptr` (n + 1): the entries of `projection_rows` that are not 0.
 * Returns how many there are, or -1 where there are more than `most`. */
static int64_t projection_entries(const uint64_t *hashes, const float *scale, int64_t n,
                                  int64_t dim, double density, int64_t most, int64_t *ptr,
                                  int32_t *columns, float *values) {
    const double half = 0.5 / density, all = 9007199254740992.0;
    const float size = (float)sqrt(density);
    /* The smallest draws that are no longer below `half`, and that are above 1 - half. */
    uint64_t low = (uint64_t)(half * all), high = (uint64_t)((1.0 - half) * all);
    while (low && ((double)(low - 1) + 0.5) / all >= half) low--;
    while (((double)low + 0.5) / all < half) low++;
    while (high && ((double)(high - 1) + 0.5) / all > 1.0 - half) high--;
    while (((double)high + 0.5) / all <= 1.0 - half) high++;
    const uint64_t middle = high - low;
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        const float big = size * (scale ? scale[i] : 1.0f);
        ptr[i] = found;
        for (int64_t c = 0; c < dim; c += DRAWS) {
            uint64_t draws[DRAWS], any = 0;
            for (int k = 0; k < DRAWS; k++) {
                draws[k] = (mixed(hashes[i] + (uint64_t)(c + k + 1) * GOLDEN) >> 11) - low;
                any |= draws[k] | (middle - 1 - draws[k]); /* below 0 outside the middle */
            }
            if (!(any >> 63)) continue;
            for (int64_t k = 0; k < DRAWS && c + k < dim; k++) {
                if (draws[k] < middle) continue;
                if (found == most) return -1;
                columns[found] = (int32_t)(c + k);
                values[found++] = draws[k] >> 63 ? big : -big;
            }
        }
    }
    ptr[n] = found;
    return found;
}

#define GATHERED 1024
#define FEW 4

/* out[i, :] = scale[i] · Σ_j weights[j] · row columns[j] of another sparse matrix.
 *
 * The entries of the other rows, one or two each, are first copied to one list, FEW at a time
 * whatever their number: a loop over them would end where the processor does not expect it.
 */
static void sparse_rows(const int64_t *ptr, const int32_t *columns, const float *weights,
                        const float *scale, const SparseRows *other, float *out, int64_t dim,
                        int64_t first, int64_t last) {
    int32_t at[GATHERED + FEW];
    float value[GATHERED + FEW];
    const int64_t end = other->ptr[other->n] - FEW;
    for (int64_t row = first; row < last; row++) {
        float *to = out + row * dim;
        memset(to, 0, sizeof(float) * (size_t)dim);
        for (int64_t j = ptr[row]; j < ptr[row + 1];) {
            int n = 0;
            for (; j < ptr[row + 1] && n + FEW <= GATHERED; j++) {
                int64_t from = other->ptr[columns[j]], count = other->ptr[columns[j] + 1] - from;
                float w = weights ? weights[j] : 1.0f;
                if (count > FEW || from > end) {
                    for (int64_t e = from; e < from + count; e++)
                        to[other->columns[e]] += w * other->values[e];
                    continue;
                }
                for (int k = 0; k < FEW; k++) {
                    at[n + k] = other->columns[from + k];
                    value[n + k] = w * other->values[from + k];
                }
                n += (int)count;
            }
            for (int k = 0; k < n; k++) to[at[k]] += value[k];
        }
        if (scale)
            for (int64_t c = 0; c < dim; c++) to[c] *= scale[row];
    }
}

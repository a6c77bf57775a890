/* Rows of a random projection. */
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

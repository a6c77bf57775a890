/* Sums of rows, each scaled to unit length if asked. */
#include "vectors.h"

#include <math.h>

static void add_rows(float *total, const float *rows, int64_t n, int64_t dim, float weight,
                     int normalise) {
    for (int64_t i = 0; i < n; i++) {
        const float *row = rows + i * dim;
        float *sum = total + i * dim;
        float factor = weight;
        if (normalise) {
            vec squares = splat(0.0f);
            int64_t c = 0;
            for (; c + LANES <= dim; c += LANES) {
                vec x = load(row + c);
                squares += x * x;
            }
            float length = total_of(squares);
            for (; c < dim; c++) length += row[c] * row[c];
            if (!(length > 1e-30f && length < 1e30f)) { /* would under- or overflow: in double */
                double exact = 0.0;
                for (c = 0; c < dim; c++) exact += (double)row[c] * row[c];
                factor = exact > 0.0 ? (float)(weight / sqrt(exact)) : weight;
            } else {
                factor = weight / sqrtf(length);
            }
        }
        for (int64_t c = 0; c < dim; c++) sum[c] += factor * row[c];
    }
}

/* Adds to sums (2, dim) each column's sum of x - shift and of its square. */
static void column_sums(const float *rows, const float *shift, int64_t n, int64_t dim,
                        double *restrict sums) {
    double *restrict squares = sums + dim;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < dim; c++) {
            double x = (double)rows[i * dim + c] - shift[c];
            sums[c] += x;
            squares[c] += x * x;
        }
}

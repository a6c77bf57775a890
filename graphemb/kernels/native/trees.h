/* Sums of boosted trees, every tree a complete binary one of up to 32 leaves.
 *
 * QuickScorer (Lucchese et al., SIGIR 2015, algorithm 1): a row keeps one bit a leaf; each inner
 * node whose test fails (x > threshold) clears the leaves of its left half, and the lowest bit left
 * is the leaf the row ends in. No branches, no gathers: the tests run over FOLD · LANES rows.
 */
#include "vectors.h"

typedef int32_t ints __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define FOLD 4

/* out[i] = base + Σ over trees; `columns` is (n_features, n), so a feature's rows lie together. */
static void tree_sums(const Trees *trees, const float *columns, int64_t n, float *out) {
    enum { ROWS = FOLD * LANES };
    float padded[TREE_FEATURES * ROWS];
    for (int64_t first = 0; first < n; first += ROWS) {
        int64_t rows = n - first < ROWS ? n - first : ROWS;
        const float *x = columns + first;
        int64_t stride = n;
        if (rows < ROWS) { /* the last rows are copied to where whole vectors may be read */
            memset(padded, 0, sizeof padded);
            for (int64_t f = 0; f < trees->n_features; f++)
                memcpy(padded + f * ROWS, x + f * n, (size_t)rows * sizeof(float));
            x = padded;
            stride = ROWS;
        }
        vec sum[FOLD];
        for (int i = 0; i < FOLD; i++) sum[i] = splat(trees->base);
        for (int64_t t = 0; t < trees->n_trees; t++) {
            ints live[FOLD];
            for (int i = 0; i < FOLD; i++) live[i] = (ints){0} - 1;
            for (int64_t j = trees->ptr[t]; j < trees->ptr[t + 1]; j++) {
                const float *from = x + (int64_t)trees->feature[j] * stride;
                vec threshold = splat(trees->threshold[j]);
                ints keep = (ints){0} + trees->keep[j];
#pragma GCC unroll 4
                for (int i = 0; i < FOLD; i++)
                    live[i] &= keep | ~(load(from + i * LANES) > threshold);
            }
            const float *leaves = trees->leaves + 32 * t;
#pragma GCC unroll 4
            for (int i = 0; i < FOLD; i++) {
                /* The exponent of the lowest bit, read as a float, is its place. */
                vec lowest = __builtin_convertvector(live[i] & -live[i], vec);
                ints leaf = (((ints)lowest >> 23) & 255) - 127;
                vec value;
                for (int lane = 0; lane < LANES; lane++) value[lane] = leaves[leaf[lane]];
                sum[i] += value;
            }
        }
        float ends[ROWS];
        for (int i = 0; i < FOLD; i++) store(ends + i * LANES, sum[i]);
        memcpy(out + first, ends, (size_t)rows * sizeof(float));
    }
}

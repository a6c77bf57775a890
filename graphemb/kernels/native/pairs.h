/* What pairs of a query and a candidate are described by, apart from words; see kernels/pairs.py. */
#include "nodes.h"
#include "words.h"

#include <math.h>

/* best[i]: the name of node[i] with the greatest sum over the channels, the first of equals; out
 * (2 n_channels, n): of each channel its score, then the score of the node's first name. */
static void best_names(const NodeNames *names, const float *const *channels, int n_channels,
                       const int64_t *query, const int64_t *node, int64_t n, int64_t *best,
                       float *out) {
    for (int64_t i = 0; i < n; i++) {
        int64_t first = names->starts[node[i]], found = first, row = query[i] * names->n_names;
        float most = -3e38f;
        for (int64_t j = first; j < names->starts[node[i] + 1]; j++) {
            float sum = channels[0][row + j];
            for (int c = 1; c < n_channels; c++) sum += channels[c][row + j];
            if (sum > most) {
                most = sum;
                found = j;
            }
        }
        best[i] = found;
        for (int c = 0; c < n_channels; c++) {
            out[2 * c * n + i] = channels[c][row + found];
            out[(2 * c + 1) * n + i] = channels[c][row + first];
        }
    }
}

/* gap[i]: how far values[i] lies below the largest of its run; rank[i]: how many lie above it. */
static void run_ranks(const float *values, const int64_t *ptr, int64_t n_runs, float *gap,
                      float *rank) {
    for (int64_t r = 0; r < n_runs; r++) {
        const float *run = values + ptr[r];
        int64_t n = ptr[r + 1] - ptr[r];
        float most = -3e38f;
        for (int64_t i = 0; i < n; i++) most = run[i] > most ? run[i] : most;
        for (int64_t i = 0; i < n; i++) {
            int32_t above = 0;
            for (int64_t j = 0; j < n; j++) above += run[j] > run[i];
            gap[ptr[r] + i] = run[i] - most;
            rank[ptr[r] + i] = (float)above;
        }
    }
}

/* out[i]: values[i] less the largest value of the others of its run with the same group, or 0. */
static void rival_gaps(const float *values, const int64_t *group, const int64_t *ptr,
                       int64_t n_runs, float *out) {
    for (int64_t r = 0; r < n_runs; r++)
        for (int64_t i = ptr[r]; i < ptr[r + 1]; i++) {
            float most = -3e38f;
            for (int64_t j = ptr[r]; j < ptr[r + 1]; j++)
                if (group[j] == group[i] && j != i && values[j] > most) most = values[j];
            out[i] = values[i] - (most > -3e38f ? most : 0.0f);
        }
}

/* out[i]: the best score of the first `most` relatives of node[i] for query[i]; 0 without any. */
static void relative_scores(const NodeNames *names, const int64_t *query, const int64_t *node,
                            int64_t n, const int32_t *ptr, const int32_t *rows, int64_t most,
                            const float *vectors, const float *documents, int64_t dim,
                            float *scores, float *out) {
    for (int64_t i = 0; i < n; i++) {
        int64_t first = ptr[node[i]], count = ptr[node[i] + 1] - first;
        float best = count ? -3e38f : 0.0f;
        for (int64_t k = 0; k < count && k < most; k++) {
            int64_t other = rows[first + k];
            float score;
            node_scores(names, query + i, &other, 1, vectors, documents, dim, scores, &score);
            best = score > best ? score : best;
        }
        out[i] = best;
    }
}

/* total += weight · vector, the vector in float16. */
INLINE void add_halves(const uint16_t *vector, int64_t dim, float weight, float *total) {
    int64_t d = 0;
    for (; d + LANES <= dim; d += LANES)
        store(total + d, load(total + d) + splat(weight) * from_halves(vector + d));
    for (; d < dim; d++) total[d] += weight * any_half(vector[d]);
}

/* The cosine of a unit vector in float16 with what is left of a sum without its own share. */
INLINE float rest_cosine(const uint16_t *vector, int64_t dim, float weight, const float *total) {
    vec squares = splat(0.0f), products = splat(0.0f);
    int64_t d = 0;
    for (; d + LANES <= dim; d += LANES) {
        vec mine = from_halves(vector + d), rest = load(total + d) - splat(weight) * mine;
        squares += rest * rest;
        products += rest * mine;
    }
    float square = total_of(squares), product = total_of(products);
    for (; d < dim; d++) {
        float mine = any_half(vector[d]), rest = total[d] - weight * mine;
        square += rest * rest;
        product += rest * mine;
    }
    float length = sqrtf(square);
    return product / (length > 1e-9f ? length : 1e-9f);
}

INLINE float half_dot(const float *a, const uint16_t *b, int64_t dim) {
    vec total = splat(0.0f);
    int64_t at = 0;
    for (; at + LANES <= dim; at += LANES) total += load(a + at) * from_halves(b + at);
    float sum = total_of(total);
    for (; at < dim; at++) sum += a[at] * any_half(b[at]);
    return sum;
}

/* Agreement in node space, out (2, n): of each candidate with the point of its query (none: 0), and
 * with the sum of the others of its run, weighed, as a unit vector. `total` is room for a vector. */
static void space_scores(const uint16_t *vectors, int64_t dim, const float *points,
                         const int64_t *node, const float *weight, const int64_t *ptr,
                         int64_t n_runs, int64_t n, float *total, float *out) {
    for (int64_t r = 0; r < n_runs; r++) {
        memset(total, 0, (size_t)dim * sizeof *total);
        for (int64_t i = ptr[r]; i < ptr[r + 1]; i++)
            if (weight[i] != 0.0f) add_halves(vectors + node[i] * dim, dim, weight[i], total);
        for (int64_t i = ptr[r]; i < ptr[r + 1]; i++) {
            const uint16_t *mine = vectors + node[i] * dim;
            out[i] = points ? half_dot(points + r * dim, mine, dim) : 0.0f;
            out[n + i] = rest_cosine(mine, dim, weight[i], total);
        }
    }
}

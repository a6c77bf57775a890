/* Scores of single nodes, worked out exactly where asked. */
#ifndef GRAPHEMB_NODES_H
#define GRAPHEMB_NODES_H

#include "vectors.h"

INLINE float dot_of(const float *a, const float *b, int64_t dim) {
    vec total = splat(0.0f), other = splat(0.0f);
    int64_t at = 0;
    for (; at + 2 * LANES <= dim; at += 2 * LANES) {
        total += load(a + at) * load(b + at);
        other += load(a + at + LANES) * load(b + at + LANES);
    }
    float sum = total_of(total + other);
    for (; at < dim; at++) sum += a[at] * b[at];
    return sum;
}

/* out[i]: the best score of the names of node[i] for query[i]; with `vectors` and `documents` each
 * of these scores is worked out first and put in its place. */
static void node_scores(const NodeNames *names, const int64_t *query, const int64_t *node, int64_t n,
                        const float *vectors, const float *documents, int64_t dim, float *scores,
                        float *out) {
    for (int64_t i = 0; i < n; i++) {
        float *row = scores + query[i] * names->n_names, best = -3e38f;
        for (int64_t j = names->starts[node[i]]; j < names->starts[node[i] + 1]; j++) {
            if (documents) row[j] = dot_of(vectors + query[i] * dim, documents + j * dim, dim);
            best = row[j] > best ? row[j] : best;
        }
        out[i] = best;
    }
}

#endif

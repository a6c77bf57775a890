/* From sparse queries to scores of names, and from scores of names to the best nodes. */
#include "vectors.h"

#include <stdlib.h>

typedef int32_t flags __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

/* Puts the columns of a query in `order`, shortest postings first, as far as the budget goes. */
static int64_t within_budget(const Postings *p, const int32_t *columns, int64_t n, uint64_t *order) {
    int64_t total = 0, kept = 0;
    for (int64_t i = 0; i < n; i++) total += p->ptr[columns[i] + 1] - p->ptr[columns[i]];
    for (int64_t i = 0; i < n; i++) order[i] = (uint64_t)i;
    if (total <= p->budget) return n;
    for (int64_t i = 0; i < n; i++)
        order[i] |= (uint64_t)(p->ptr[columns[i] + 1] - p->ptr[columns[i]]) << 24;
    for (int64_t gap = n / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11) /* Shell's sort */
        for (int64_t i = gap; i < n; i++) {
            uint64_t moved = order[i];
            int64_t j = i;
            for (; j >= gap && order[j - gap] > moved; j -= gap) order[j] = order[j - gap];
            order[j] = moved;
        }
    for (total = 0; kept < n; kept++) {
        total += (int64_t)(order[kept] >> 24);
        if (total >= p->budget) break;
    }
    for (int64_t i = 0; i < n; i++) order[i] &= (1u << 24) - 1;
    return kept ? kept : 1;
}

/* out[q, :] = Σ over the columns of query q of value · postings; sums in double, as bincount's. */
static int postings_scores(const Postings *p, const int64_t *ptr, const int32_t *columns,
                           const float *values, int64_t n, float *out) {
    int64_t longest = 1;
    for (int64_t q = 0; q < n; q++) longest = ptr[q + 1] - ptr[q] > longest ? ptr[q + 1] - ptr[q] : longest;
    double *sums = calloc((size_t)p->n_names + 1, sizeof *sums);
    uint64_t *order = malloc((size_t)longest * sizeof *order);
    int failed = !sums || !order || longest >= 1 << 24;
    for (int64_t q = 0; q < n && !failed; q++) {
        const int32_t *mine = columns + ptr[q];
        int64_t kept = within_budget(p, mine, ptr[q + 1] - ptr[q], order);
        if (ptr[q + 1] == ptr[q]) kept = 0;
        for (int64_t i = 0; i < kept; i++) {
            int32_t column = mine[order[i]];
            float value = values[ptr[q] + (int64_t)order[i]];
            int64_t last = p->ptr[column + 1];
            if (p->half)
                for (int64_t j = p->ptr[column]; j < last; j++)
                    sums[p->names[j]] += (double)(from_half(p->half[j]) * value);
            else
                for (int64_t j = p->ptr[column]; j < last; j++)
                    sums[p->names[j]] += (double)(p->whole[j] * value);
        }
        float *row = out + q * p->n_names;
        for (int64_t i = 0; i < p->n_names; i++) row[i] = (float)sums[i];
        memset(sums, 0, (size_t)p->n_names * sizeof *sums);
    }
    free(sums);
    free(order);
    return failed ? -1 : 0;
}

/* The best so far, best first; of equals the first that came. */
typedef struct {
    int64_t n, k;
    float bar; /* only what lies above gets in */
    float values[BEST_MOST];
    int32_t *nodes;
} Best;

INLINE void offer(Best *best, float value, int32_t node) {
    int64_t at = best->n < best->k ? best->n++ : best->k - 1;
    for (; at && best->values[at - 1] < value; at--) {
        best->values[at] = best->values[at - 1];
        best->nodes[at] = best->nodes[at - 1];
    }
    best->values[at] = value;
    best->nodes[at] = node;
    if (best->n == best->k && best->values[best->k - 1] > best->bar)
        best->bar = best->values[best->k - 1];
}

#define STRIP (16 * LANES)

static void offer_all(Best *best, const float *values, const uint8_t *allowed, int64_t first,
                      int64_t n) {
    for (int64_t at = 0; at < n; at += STRIP) {
        int64_t end = at + STRIP < n ? at + STRIP : n;
        if (end == at + STRIP) {
            flags any = {0};
            vec bar = splat(best->bar);
#pragma GCC unroll 16
            for (int i = 0; i < 16; i++) any |= load(values + at + i * LANES) > bar;
            int32_t one = 0;
            for (int lane = 0; lane < LANES; lane++) one |= any[lane];
            if (!one) continue;
        }
        for (int64_t i = at; i < end; i++)
            if (values[i] > best->bar && (!allowed || allowed[first + i]))
                offer(best, values[i], (int32_t)(first + i));
    }
}

#define CHUNK 2048

/* out[q, :]: the `each` best nodes of every channel above 0, then the `fused` best of the sum of
 * weight · channel; -1 where there are fewer. A node's score is the best of its names'. */
static void best_nodes(const NodeNames *names, const float *const *channels, const float *weights,
                       int n_channels, const uint8_t *allowed, int64_t n, int64_t each,
                       int64_t fused, int32_t *out) {
    float mine[CHANNELS_MOST][CHUNK], sum[CHUNK];
    int64_t width = each * n_channels + fused;
    for (int64_t i = 0; i < n * width; i++) out[i] = -1;
    for (int64_t q = 0; q < n; q++) {
        Best best[CHANNELS_MOST + 1];
        for (int c = 0; c <= n_channels; c++) {
            best[c].n = 0;
            best[c].k = c < n_channels ? each : fused;
            best[c].bar = c < n_channels ? 0.0f : -3e38f;
            best[c].nodes = out + q * width + each * c;
        }
        int64_t other = 0;
        for (int64_t first = 0; first < names->n_nodes; first += CHUNK) {
            int64_t count = names->n_nodes - first < CHUNK ? names->n_nodes - first : CHUNK;
            int64_t stop = other;
            while (stop < names->n_others && names->owners[stop] < first + count) stop++;
            memset(sum, 0, sizeof sum);
            for (int c = 0; c < n_channels; c++) {
                const float *row = channels[c] + q * names->n_names;
                const int32_t *label = names->labels + first;
                float *to = mine[c];
                for (int64_t i = 0; i < count; i++) to[i] = row[label[i]];
                for (int64_t j = other; j < stop; j++) {
                    float *node = to + (names->owners[j] - first), score = row[names->others[j]];
                    *node = score > *node ? score : *node;
                }
                for (int64_t i = 0; i < count; i++) sum[i] += weights[c] * to[i];
                offer_all(&best[c], to, allowed, first, count);
            }
            offer_all(&best[n_channels], sum, allowed, first, count);
            other = stop;
        }
    }
}

/* From sparse queries to scores of names, and from scores of names to the best nodes. */
#include "halves.h"

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

/* sums[name] += value · weight over a list of postings; a name stands in a list once. */
INLINE void add_postings(const Postings *p, int64_t first, int64_t last, float value, float *sums) {
    int64_t j = first;
    if (p->half) {
        float amounts[2 * LANES];
        for (; j + 2 * LANES <= last; j += 2 * LANES) {
            store(amounts, from_halves(p->half + j) * splat(value));
            store(amounts + LANES, from_halves(p->half + j + LANES) * splat(value));
            for (int i = 0; i < 2 * LANES; i++) sums[p->names[j + i]] += amounts[i];
        }
        for (; j < last; j++) sums[p->names[j]] += from_half(p->half[j]) * value;
    } else {
        for (; j < last; j++) sums[p->names[j]] += p->whole[j] * value;
    }
}

/* out[q, :] = Σ over the columns of query q of value · postings. */
static int postings_scores(const Postings *p, const int64_t *ptr, const int32_t *columns,
                           const float *values, int64_t n, float *out) {
    int64_t longest = 1;
    for (int64_t q = 0; q < n; q++)
        longest = ptr[q + 1] - ptr[q] > longest ? ptr[q + 1] - ptr[q] : longest;
    uint64_t *order = longest < 1 << 24 ? malloc((size_t)longest * sizeof *order) : NULL;
    if (!order) return -1;
    for (int64_t q = 0; q < n; q++) {
        const int32_t *mine = columns + ptr[q];
        int64_t entries = ptr[q + 1] - ptr[q];
        int64_t kept = entries ? within_budget(p, mine, entries, order) : 0;
        float *row = out + q * p->n_names;
        memset(row, 0, (size_t)p->n_names * sizeof *row);
        for (int64_t i = 0; i < kept; i++) {
            int32_t column = mine[order[i]];
            add_postings(p, p->ptr[column], p->ptr[column + 1],
                         values[ptr[q] + (int64_t)order[i]], row);
        }
    }
    free(order);
    return 0;
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

/* Whether any of `STRIP` values lies above `bar`. */
INLINE int any_above(const float *values, float bar) {
    flags any = {0};
    vec limit = splat(bar);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) any |= load(values + i * LANES) > limit;
    uint64_t parts[LANES / 2], one = 0;
    memcpy(parts, &any, sizeof parts);
    for (int i = 0; i < LANES / 2; i++) one |= parts[i];
    return one != 0;
}

/* The best of the scores of a node's names. */
INLINE float best_of(const float *row, const NodeNames *names, int64_t node) {
    float best = row[names->starts[node]];
    for (int64_t j = names->starts[node] + 1; j < names->starts[node + 1]; j++)
        best = row[j] > best ? row[j] : best;
    return best;
}

typedef struct {
    const float *rows[CHANNELS_MOST];
    const float *weights;
    int n;
} Channels;

/* One strip of names: those above the bar name the nodes that are offered, each once. Names of a
 * node stand together, so the last node offered is all that must be remembered. */
static void offer_channel(Best *best, int64_t *last, const Channels *c, int channel,
                          const NodeNames *names, const uint8_t *allowed, int64_t first, int64_t n) {
    const float *row = c->rows[channel];
    if (n == STRIP && !any_above(row + first, best->bar)) return;
    for (int64_t i = first; i < first + n; i++) {
        if (!(row[i] > best->bar)) continue;
        int32_t node = names->owners[i];
        if (node == *last || (allowed && !allowed[node])) continue;
        *last = node;
        offer(best, best_of(row, names, node), node);
    }
}

/* A node's sum over the channels is at most `bound` = min(names, channels) times that of one of its
 * names, negative scores left out: names below the bar by this measure need no closer look. */
static void offer_sum(Best *best, int64_t *last, const Channels *c, const NodeNames *names,
                      const uint8_t *allowed, int64_t first, int64_t n) {
    float most[STRIP];
    int32_t hits[STRIP];
    int64_t n_hits = 0;
    memset(most, 0, sizeof most);
    for (int k = 0; k < c->n; k++) {
        const float *row = c->rows[k] + first;
        float weight = c->weights[k];
        for (int64_t i = 0; i < n; i++) most[i] += weight * (row[i] > 0.0f ? row[i] : 0.0f);
    }
    for (int64_t i = 0; i < n; i++) most[i] *= names->bounds[first + i];
    if (best->bar >= 0.0f && n == STRIP && !any_above(most, best->bar)) return;
    for (int64_t i = 0; i < n; i++) {
        hits[n_hits] = (int32_t)(first + i);
        n_hits += most[i] > best->bar;
    }
    for (int64_t h = 0; h < n_hits; h++) {
        int32_t node = names->owners[hits[h]];
        if (node == *last || (allowed && !allowed[node])) continue;
        *last = node;
        float sum = 0.0f;
        for (int k = 0; k < c->n; k++) sum += c->weights[k] * best_of(c->rows[k], names, node);
        if (sum > best->bar) offer(best, sum, node);
    }
}

/* out[q, :]: the `each` best nodes of every channel above 0, then the `fused` best of the sum of
 * weight · channel; -1 where there are fewer. A node's score is the best of its names'. */
static void best_nodes(const NodeNames *names, const float *const *channels, const float *weights,
                       int n_channels, const uint8_t *allowed, int64_t n, int64_t each,
                       int64_t fused, int32_t *out) {
    int64_t width = each * n_channels + fused;
    for (int64_t i = 0; i < n * width; i++) out[i] = -1;
    for (int64_t q = 0; q < n; q++) {
        Best best[CHANNELS_MOST + 1];
        int64_t last[CHANNELS_MOST + 1];
        Channels c = {.weights = weights, .n = n_channels};
        for (int k = 0; k <= n_channels; k++) {
            best[k].n = 0;
            best[k].k = k < n_channels ? each : fused;
            best[k].bar = k < n_channels ? 0.0f : -3e38f;
            best[k].nodes = out + q * width + each * k;
            last[k] = -1;
            if (k < n_channels) c.rows[k] = channels[k] + q * names->n_names;
        }
        for (int64_t first = 0; first < names->n_names; first += STRIP) {
            int64_t count = names->n_names - first < STRIP ? names->n_names - first : STRIP;
            for (int k = 0; k < n_channels; k++)
                offer_channel(&best[k], &last[k], &c, k, names, allowed, first, count);
            offer_sum(&best[n_channels], &last[n_channels], &c, names, allowed, first, count);
        }
    }
}

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

/* One bit for each lane that is set. */
INLINE uint32_t bits_of(flags lanes) {
#if defined(__x86_64__) && LANES == 16
    return (uint16_t)__builtin_ia32_cvtd2mask512((int __attribute__((vector_size(64))))lanes);
#elif defined(__x86_64__) && LANES == 8
    return (uint32_t)__builtin_ia32_movmskps256((float __attribute__((vector_size(32))))lanes);
#else
    uint32_t bits = 0;
    for (int lane = 0; lane < LANES; lane++) bits |= (uint32_t)(lanes[lane] & 1) << lane;
    return bits;
#endif
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

/* Names of a node stand together, so the last node that was offered is all a list must remember
 * to be offered each node once. */
typedef struct {
    Best best[CHANNELS_MOST + 1];
    int64_t last[CHANNELS_MOST + 1];
} Lists;

INLINE int is_new(Lists *lists, int list, const NodeNames *names, const uint8_t *allowed,
                  int64_t name) {
    int32_t node = names->owners[name];
    if (node == lists->last[list] || (allowed && !allowed[node])) return 0;
    lists->last[list] = node;
    return 1;
}

/* Offers the nodes of names first … first + LANES - 1 whose bits are set. */
static void offer_bits(Lists *lists, int list, const Channels *c, const NodeNames *names,
                       const uint8_t *allowed, int64_t first, uint32_t bits) {
    for (; bits; bits &= bits - 1) {
        int64_t name = first + __builtin_ctz(bits);
        if (!is_new(lists, list, names, allowed, name)) continue;
        int32_t node = names->owners[name];
        float value = 0.0f;
        if (list < c->n)
            value = best_of(c->rows[list], names, node);
        else
            for (int k = 0; k < c->n; k++) value += c->weights[k] * best_of(c->rows[k], names, node);
        if (value > lists->best[list].bar) offer(&lists->best[list], value, node);
    }
}

/* A node's sum over the channels is at most `bound` = min(names, channels) times that of one of its
 * names, negative scores left out: names below the bar by this measure need no closer look. Names
 * beyond n are not there: their bits are cut off. */
INLINE void offer_names(Lists *lists, const Channels *c, const NodeNames *names,
                        const uint8_t *allowed, const float *const *from, const float *bounds,
                        int64_t first, int64_t n) {
    uint32_t there = n < LANES ? (1u << n) - 1 : ~0u;
    vec sum = splat(0.0f);
    flags any = {0}, above[CHANNELS_MOST + 1];
    for (int k = 0; k < c->n; k++) {
        vec score = load(from[k]);
        above[k] = score > splat(lists->best[k].bar);
        any |= above[k];
        sum += splat(c->weights[k]) * (vec)((flags)score & (score > splat(0.0f)));
    }
    above[c->n] = sum * load(bounds) > splat(lists->best[c->n].bar);
    any |= above[c->n];
    if (!(bits_of(any) & there)) return;
    for (int k = 0; k <= c->n; k++)
        offer_bits(lists, k, c, names, allowed, first, bits_of(above[k]) & there);
}

/* out[q, :]: the `each` best nodes of every channel above 0, then the `fused` best of the sum of
 * weight · channel; -1 where there are fewer. A node's score is the best of its names'. */
static void best_nodes(const NodeNames *names, const float *const *channels, const float *weights,
                       int n_channels, const uint8_t *allowed, int64_t n, int64_t each,
                       int64_t fused, int32_t *out) {
    int64_t width = each * n_channels + fused;
    for (int64_t i = 0; i < n * width; i++) out[i] = -1;
    for (int64_t q = 0; q < n; q++) {
        Lists lists;
        Channels c = {.weights = weights, .n = n_channels};
        const float *from[CHANNELS_MOST];
        for (int k = 0; k <= n_channels; k++) {
            Best *best = &lists.best[k];
            best->n = 0;
            best->k = k < n_channels ? each : fused;
            best->bar = k < n_channels ? 0.0f : -3e38f;
            best->nodes = out + q * width + each * k;
            lists.last[k] = -1;
            if (k < n_channels) c.rows[k] = channels[k] + q * names->n_names;
        }
        int64_t first = 0;
        for (; first + LANES <= names->n_names; first += LANES) {
            for (int k = 0; k < n_channels; k++) from[k] = c.rows[k] + first;
            offer_names(&lists, &c, names, allowed, from, names->bounds + first, first, LANES);
        }
        if (first < names->n_names) { /* the last names, copied to where a vector may be read */
            float padded[CHANNELS_MOST + 1][LANES] = {{0}};
            size_t size = (size_t)(names->n_names - first) * sizeof(float);
            for (int k = 0; k < n_channels; k++) {
                memcpy(padded[k], c.rows[k] + first, size);
                from[k] = padded[k];
            }
            memcpy(padded[n_channels], names->bounds + first, size);
            offer_names(&lists, &c, names, allowed, from, padded[n_channels], first,
                        names->n_names - first);
        }
    }
}

/* Random walks over CSR, of first order (p = q = 1) and second order, weighted or not.
 *
 * Second-order steps are drawn by rejection: propose a neighbour x of v by weight, accept with
 * α(t, x) / max α, α = 1/p back to t, 1 to a neighbour of t, 1/q elsewhere (Grover & Leskovec 2016,
 * section 3.2.2). No table of transitions is made. Whether x neighbours t is looked up only where
 * the draw leaves it open. Walk w draws from a stream of its own, so nothing depends on threads.
 */
#include "kernels.h"

#define STEP 16  /* walks in lock step: their cache misses overlap */
#define PLAIN 64 /* the same, where a step is two loads */

INLINE int neighbours(const WalkGraph *g, int32_t from, int32_t to) {
    int64_t low = g->ptr[from], high = g->ptr[from + 1];
    while (low < high) {
        int64_t middle = low + ((high - low) >> 1);
        if (g->columns[middle] < to)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->ptr[from + 1] && g->columns[low] == to;
}

/* A neighbour of v by weight, from the upper half of a draw. */
INLINE int32_t proposal(const WalkGraph *g, int32_t v, uint64_t draw) {
    int64_t low = g->ptr[v], high = g->ptr[v + 1] - 1;
    if (!g->cumulative) return g->columns[low + below(draw, (uint32_t)(high + 1 - low))];
    double u = upper(draw);
    while (low < high) { /* the first entry whose cumulative share lies above u */
        int64_t middle = low + ((high - low) >> 1);
        if (g->cumulative[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return g->columns[low];
}

typedef struct {
    double most, back, away, least, low, high;
} Chances;

INLINE int32_t second_order(const WalkGraph *g, const Chances *c, int32_t t, int32_t v,
                            uint64_t *state) {
    for (;;) {
        uint64_t draw = next64(state);
        int32_t x = proposal(g, v, draw);
        double r = lower(draw) * c->most;
        if (r < c->least) return x;
        if (x == t) {
            if (r < c->back) return x;
            continue;
        }
        if (r >= c->high) continue;
        if (r < c->low) return x;
        if (r < (neighbours(g, t, x) ? 1.0 : c->away)) return x;
    }
}

static Chances chances_of(double p, double q) {
    Chances c;
    c.back = 1.0 / p;
    c.away = 1.0 / q;
    c.low = c.away < 1.0 ? c.away : 1.0;
    c.high = c.away > 1.0 ? c.away : 1.0;
    c.most = c.back > c.high ? c.back : c.high;
    c.least = c.back < c.low ? c.back : c.low;
    return c;
}

/* Walks of first order over equal weights: nothing but two loads a step, which are asked for ahead. */
static void plain_walks(const WalkGraph *graph, const int32_t *starts, const uint64_t *units,
                        int n, int64_t length, uint64_t seed, int32_t *out) {
    uint64_t state[PLAIN];
    int64_t entry[PLAIN];
    for (int w = 0; w < n; w++) {
        state[w] = stream_of(seed, units[w]);
        out[w * length] = starts[w];
    }
    for (int64_t step = 1; step < length; step++) {
        for (int w = 0; w < n; w++) {
            int32_t v = out[w * length + step - 1];
            entry[w] = -1;
            if (v < 0) continue;
            int64_t first = graph->ptr[v], count = graph->ptr[v + 1] - first;
            if (!count) continue;
            entry[w] = first + below(next64(&state[w]), (uint32_t)count);
            __builtin_prefetch(&graph->columns[entry[w]]);
        }
        for (int w = 0; w < n; w++) {
            int32_t next = entry[w] < 0 ? -1 : graph->columns[entry[w]];
            __builtin_prefetch(&graph->ptr[next < 0 ? 0 : next]);
            out[w * length + step] = next;
        }
    }
}

void random_walks(const WalkGraph *graph, const int32_t *starts, const uint64_t *units,
                  int64_t n_walks, int64_t length, uint64_t seed, int32_t *out) {
    const Chances chances = chances_of(graph->p, graph->q);
    const int plain = graph->p == 1.0 && graph->q == 1.0;
    if (plain && !graph->cumulative) {
        for (int64_t at = 0; at < n_walks; at += PLAIN) {
            int n = (int)(n_walks - at < PLAIN ? n_walks - at : PLAIN);
            plain_walks(graph, starts + at, units + at, n, length, seed, out + at * length);
        }
        return;
    }
    for (int64_t first = 0; first < n_walks; first += STEP) {
        int n = (int)(n_walks - first < STEP ? n_walks - first : STEP);
        uint64_t state[STEP];
        int32_t at[STEP], before[STEP];
        for (int w = 0; w < n; w++) {
            state[w] = stream_of(seed, units[first + w]);
            at[w] = starts[first + w];
            before[w] = -1;
            out[(first + w) * length] = at[w];
        }
        for (int64_t step = 1; step < length; step++) {
            for (int w = 0; w < n; w++) {
                int32_t v = at[w], next = -1;
                if (v >= 0 && graph->ptr[v] < graph->ptr[v + 1]) {
                    next = plain || before[w] < 0
                               ? proposal(graph, v, next64(&state[w]))
                               : second_order(graph, &chances, before[w], v, &state[w]);
                    __builtin_prefetch(&graph->ptr[next]);
                }
                before[w] = v;
                at[w] = next;
                out[(first + w) * length + step] = next;
            }
        }
    }
}

/* Skip-gram with negative sampling (Mikolov et al. 2013, arXiv 1310.4546, equation 4).
 *
 * As in word2vec's code each context predicts the centre of its window, windows shrink at random,
 * and the rate falls linearly. Runs of `share` contexts share their negatives, so that a run is a
 * small matrix product, (contexts) × (1 centre + negatives), and each output row is read and
 * written once a run. The random numbers of a walk come from its own stream.
 */
#include "vectors.h"

#include <stdlib.h>

#define MOST_TARGETS 64 /* a multiple of GROUP */
#define MOST_RUN 64

/* 1 / (1 + 2^y), |y| cut to 43: 2 to the nearest integer by its bits, the rest by a polynomial of
 * degree 5. A plain function, so that the compiler makes vectors of a loop over it: comparing vectors
 * itself it would do one by one. */
INLINE float logistic(float y) {
    y = y < 43.0f ? y : 43.0f;
    y = y > -43.0f ? y : -43.0f;
    float whole = y + 12582912.0f; /* rounds to the nearest integer, in the lowest bits */
    float r = (y - (whole - 12582912.0f)) * 0.69314718f;
    float e = 1.0f / 120.0f;
    e = e * r + 1.0f / 24.0f;
    e = e * r + 1.0f / 6.0f;
    e = e * r + 0.5f;
    e = e * r + 1.0f;
    e = e * r + 1.0f;
    int32_t power, bits;
    memcpy(&power, &whole, sizeof power);
    memcpy(&bits, &e, sizeof bits);
    bits += (int32_t)((uint32_t)power << 23);
    memcpy(&e, &bits, sizeof e);
    return 1.0f / (1.0f + e);
}

/* Targets come in groups of 8, contexts in pairs: a pair's products with a group are 16 numbers,
 * 8 for each of the two. BLOCK is the usual number of targets, a centre and five negatives: what is
 * summed for them stays in registers. */
#define GROUP 8
#define BLOCK 6
#define MOST_PRODUCTS ((MOST_RUN + 1) * MOST_TARGETS)

/* Dot products of two contexts with n targets; n is a constant where this is inlined. */
INLINE void dots_of_two(const float *one, const float *two, float *const *targets, int n,
                        int64_t width, float *out) {
    vec sums[2 * GROUP];
#pragma GCC unroll 16
    for (int k = 0; k < 2 * GROUP; k++) sums[k] = splat(0.0f);
    for (int64_t c = 0; c < width; c += LANES) {
        vec x = load(one + c), y = load(two + c);
#pragma GCC unroll 8
        for (int k = 0; k < n; k++) {
            vec t = load(targets[k] + c);
            HOLD(t);
            sums[k] += x * t;
            sums[GROUP + k] += y * t;
        }
    }
#pragma GCC unroll 4
    for (int k = 0; k < 2 * GROUP; k += LANES) store(out + k, totals_of(sums + k));
}

/* Where the product of context i with target k stands. */
INLINE int place_of(int i, int k, int n_groups) {
    return (i / 2 * n_groups + k / GROUP) * 2 * GROUP + i % 2 * GROUP + k % GROUP;
}

/* n is a constant where there are BLOCK targets: then all of it stays in registers.
 * Both sides move along their gradients; the targets' old values serve the contexts. */
INLINE void update(float *const *contexts, int n_contexts, float *const *targets, int n,
                   int64_t width, const float *g, int n_groups) {
    for (int64_t c = 0; c < width; c += LANES) {
        vec old[MOST_TARGETS], moved[MOST_TARGETS];
#pragma GCC unroll 8
        for (int k = 0; k < n; k++) old[k] = moved[k] = load(targets[k] + c);
        for (int i = 0; i < n_contexts; i++) {
            vec x = load(contexts[i] + c), d = x;
#pragma GCC unroll 8
            for (int k = 0; k < n; k++) {
                vec gk = splat(g[place_of(i, k, n_groups)]);
                moved[k] += gk * x;
                d += gk * old[k];
            }
            store(contexts[i] + c, d);
        }
        /* Backwards: of a row that stands twice the first, active one is what stays. */
#pragma GCC unroll 8
        for (int k = n - 1; k >= 0; k--) store(targets[k] + c, moved[k]);
    }
}

/* What turns a product x with target k into the factor of its gradient: rate · (1 - σ(x)) for the
 * centre, -rate · σ(x) for noise, is rates[k] · logistic(x · slopes[k]). A rate of 0 leaves a target
 * out, or fills up a group. Each group stands twice, for the contexts of a pair. */
typedef struct {
    float rates[2 * MOST_TARGETS], slopes[2 * MOST_TARGETS];
} Factors;

#define LOG2_E 1.44269504f

INLINE void set_rate(Factors *f, int k, float rate) {
    int at = k / GROUP * 2 * GROUP + k % GROUP;
    f->rates[at] = f->rates[at + GROUP] = rate;
}

INLINE void run_of(float *const *contexts, int n_contexts, float *const *targets,
                   const Factors *f, int n_targets, int64_t width) {
    float g[MOST_PRODUCTS];
    int n_groups = (n_targets + GROUP - 1) / GROUP, n = 0;
    for (int i = 0; i < n_contexts; i += 2) { /* an odd last one stands for two */
        const float *one = contexts[i], *two = contexts[i + 1 < n_contexts ? i + 1 : i];
        for (int k = 0; k < n_targets; k += GROUP, n += 2 * GROUP)
            if (n_targets == BLOCK)
                dots_of_two(one, two, targets, BLOCK, width, g + n);
            else
                dots_of_two(one, two, targets + k, GROUP, width, g + n);
    }
    for (int at = 0, k = 0; at < n; at += 2 * GROUP) {
        const float *rates = f->rates + k, *slopes = f->slopes + k;
        for (int j = 0; j < 2 * GROUP; j++)
            g[at + j] = rates[j] * logistic(g[at + j] * slopes[j]);
        k = k + 2 * GROUP < n_groups * 2 * GROUP ? k + 2 * GROUP : 0;
    }
    if (n_targets == BLOCK)
        update(contexts, n_contexts, targets, BLOCK, width, g, 1);
    else
        update(contexts, n_contexts, targets, n_targets, width, g, n_groups);
}

/* Both tables are read whatever comes out: a branch would be guessed wrongly every other time. */
INLINE int32_t noise_node(const SkipGram *m, uint64_t *state) {
    uint64_t draw = next64(state);
    uint32_t slot = below(draw, (uint32_t)m->n_nodes);
    int32_t nodes[2] = {m->noise_alias[slot], (int32_t)slot};
    return nodes[lower(draw) < m->noise_keep[slot]];
}

INLINE void prefetch_row(const float *row, int64_t width) {
    for (int64_t c = 0; c < width; c += 16) __builtin_prefetch(row + c, 1);
}

INLINE void window_of(const SkipGram *m, const int32_t *tokens, int centre, int low, int high,
                      const int32_t *noise, float rate, Factors *f) {
    float *contexts[MOST_RUN], *targets[MOST_TARGETS];
    int n_targets = m->n_negative + 1, n_contexts = 0;
    targets[0] = m->output + (int64_t)tokens[centre] * m->width;
    for (int k = n_targets; k % GROUP; k++) targets[k] = targets[0];
    set_rate(f, 0, rate);
    for (int at = low; at < high; at++) {
        if (at != centre) contexts[n_contexts++] = m->input + (int64_t)tokens[at] * m->width;
        if (n_contexts == m->share || (n_contexts && at == high - 1)) {
            for (int k = 1; k < n_targets; k++) {
                targets[k] = m->output + (int64_t)*noise++ * m->width;
                float falling = -rate;
                for (int j = 0; j < k; j++) falling = targets[j] == targets[k] ? 0.0f : falling;
                set_rate(f, k, falling);
            }
            run_of(contexts, n_contexts, targets, f, n_targets, m->width);
            n_contexts = 0;
        }
    }
}

/* A window's span and noise are drawn one window ahead, so that their rows are on the way. */
typedef struct {
    int low, high;
    int32_t *noise;
} Plan;

INLINE void plan_window(const SkipGram *m, const int32_t *tokens, int n_tokens, int centre, uint64_t *state, Plan *plan) {
    int reach = 1 + (int)below(next64(state), (uint32_t)m->window);
    plan->low = centre - reach < 0 ? 0 : centre - reach;
    plan->high = centre + reach + 1 > n_tokens ? n_tokens : centre + reach + 1;
    int n_runs = (plan->high - plan->low - 1 + m->share - 1) / m->share;
    for (int k = 0; k < n_runs * m->n_negative; k++) plan->noise[k] = noise_node(m, state);
    for (int k = 0; k < n_runs * m->n_negative; k++)
        prefetch_row(m->output + (int64_t)plan->noise[k] * m->width, m->width);
    prefetch_row(m->output + (int64_t)tokens[centre] * m->width, m->width);
    if (centre + m->window < n_tokens)
        prefetch_row(m->input + (int64_t)tokens[centre + m->window] * m->width, m->width);
}

static int skipgram_walks(const SkipGram *m, const int32_t *walks, const uint64_t *units,
                          int64_t n_walks, int64_t length, float rate_first, float rate_last) {
    size_t noise = (size_t)(2 * m->window) * (size_t)m->n_negative + 1;
    int32_t *tokens = malloc(sizeof(int32_t) * ((size_t)length + 2 * noise));
    if (!tokens) return -1;
    Plan plans[2] = {{0, 0, tokens + length}, {0, 0, tokens + length + noise}};
    Factors factors = {{0.0f}, {0.0f}};
    for (int k = 0; k < 2 * MOST_TARGETS; k++)
        factors.slopes[k] = k == 0 || k == GROUP ? LOG2_E : -LOG2_E;
    for (int64_t w = 0; w < n_walks; w++) {
        const int32_t *walk = walks + w * length;
        uint64_t state = stream_of(m->seed, units[w]);
        float rate = rate_first + (rate_last - rate_first) * ((float)w / (float)n_walks);
        int n = 0;
        for (int64_t i = 0; i < length && walk[i] >= 0; i++) {
            float kept = m->sample ? m->sample[walk[i]] : 1.0f;
            if (kept >= 1.0f || lower(next64(&state)) < kept) tokens[n++] = walk[i];
        }
        if (n < 2) continue;
        plan_window(m, tokens, n, 0, &state, &plans[0]);
        for (int centre = 0; centre < n; centre++) {
            Plan *now = &plans[centre & 1];
            if (centre + 1 < n) plan_window(m, tokens, n, centre + 1, &state, &plans[(centre + 1) & 1]);
            window_of(m, tokens, centre, now->low, now->high, now->noise, rate, &factors);
        }
    }
    free(tokens);
    return 0;
}

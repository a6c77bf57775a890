/* Which words of a query a candidate holds, and how near those come that it does not. */
#ifndef GRAPHEMB_WORDS_H
#define GRAPHEMB_WORDS_H

#include "halves.h"

/* Whether the ascending keys first … last - 1 hold one. */
INLINE int holds(const int64_t *keys, int64_t first, int64_t last, int64_t wanted) {
    while (last - first > 8) {
        int64_t middle = first + (last - first) / 2;
        if (keys[middle] <= wanted)
            first = middle;
        else
            last = middle;
    }
    for (; first < last; first++)
        if (keys[first] == wanted) return 1;
    return 0;
}

INLINE float at_least(double sum) { return (float)sum > 1e-6f ? (float)sum : 1e-6f; }

/* One pair: what of the query's words (first … first + m - 1) the name and its node hold. */
INLINE void covered(const QueryWords *q, const WordBook *book, int64_t first, int64_t m,
                    int64_t name, int64_t node, uint8_t *held, float *out, int64_t n) {
    double all = 0.0, here = 0.0, in_node = 0.0, in_family = 0.0;
    float rarest = 0.0f;
    int missing[4] = {0}, shared[4] = {0}, kinds[4] = {0};
    const int64_t *words = book->words + book->ptr[name];
    int64_t count = book->ptr[name + 1] - book->ptr[name];
    for (int64_t j = 0; j < m; j++) {
        int64_t word = q->ids[first + j], key = node * book->n_words + word;
        float idf = q->idf[first + j];
        int found = 0;
        for (int64_t k = 0; word >= 0 && k < count; k++) found |= words[k] == word;
        held[j] = (uint8_t)found;
        all += idf;
        if (found)
            here += idf;
        else
            rarest = idf > rarest ? idf : rarest;
        (found ? shared : missing)[q->classes[first + j] & 3]++;
        if (word < 0) continue;
        if (holds(book->node_keys, book->node_ptr[node], book->node_ptr[node + 1], key))
            in_node += idf;
        if (holds(book->family_keys, book->family_ptr[node], book->family_ptr[node + 1], key))
            in_family += idf;
    }
    for (int64_t k = 0; k < count && k < book->most; k++) kinds[book->classes[words[k]] & 3]++;
    float total = at_least(all), own = book->totals[name];
    out[0] = (float)here / total;
    out[n] = (float)here / (own > 1e-6f ? own : 1e-6f);
    out[2 * n] = (float)in_node / total;
    out[3 * n] = (float)in_family / total;
    out[4 * n] = out[3 * n] - out[2 * n];
    out[5 * n] = rarest;
    for (int code = 1; code < 4; code++) {
        out[(4 + 2 * code) * n] = (float)missing[code];
        out[(5 + 2 * code) * n] = (float)(kinds[code] - shared[code]);
    }
}

/* Puts the vectors of a query's words side by side: (blocks of LANES words, size, LANES). */
INLINE void side_by_side(const QueryWords *q, int64_t first, int64_t m, float *to) {
    int64_t blocks = (m + LANES - 1) / LANES;
    for (int64_t j = 0; j < blocks * LANES; j++) {
        float *at = to + j / LANES * q->size * LANES + j % LANES;
        const float *from = j < m ? q->vectors + q->slots[first + j] * q->size : NULL;
        for (int64_t d = 0; d < q->size; d++) at[d * LANES] = from ? from[d] : 0.0f;
    }
}

/* The cosines of LANES words of a query and WORDS_ABREAST of a name. Each is added up from the first
 * dimension to the last, as in a product of matrices: so it is the same to the bit. */
INLINE void cosines_of(const float *block, const float *words, int64_t size, vec *alike) {
    vec sum[WORDS_ABREAST];
    for (int i = 0; i < WORDS_ABREAST; i++) sum[i] = splat(0.0f);
    for (int64_t d = 0; d < size; d++) {
        vec mine = load(block + d * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < WORDS_ABREAST; i++) sum[i] += mine * splat(words[i * size + d]);
    }
    for (int i = 0; i < WORDS_ABREAST; i++) alike[i] = sum[i];
}

/* The vectors of a name's next WORDS_ABREAST words as float32; those past its end are zero. */
INLINE void name_vectors(const WordBook *book, int64_t size, const int64_t *words, int64_t count,
                         float *to) {
    for (int64_t i = 0; i < WORDS_ABREAST; i++, to += size) {
        int64_t d = 0;
        const uint16_t *from = i < count ? book->vectors + words[i] * size : NULL;
        for (; from && d + LANES <= size; d += LANES) store(to + d, from_halves(from + d));
        for (; d < size; d++) to[d] = from ? any_half(from[d]) : 0.0f;
    }
}

/* One pair: late interaction, each word with its most alike one of the other side. `mine` holds the
 * query's vectors side by side, `room` those of a few words of the name. */
INLINE void softly(const QueryWords *q, const WordBook *book, int64_t first, int64_t m,
                   int64_t name, const float *mine, float *room, float *out, int64_t n) {
    float best[WORDS_MOST] = {0}, worst = m ? -3e38f : 0.0f;
    double near = 0.0, weight = 0.0, said = 0.0, all = 0.0;
    const int64_t *words = book->words + book->ptr[name];
    int64_t count = book->ptr[name + 1] - book->ptr[name];
    count = count < book->most ? count : book->most;
    for (int64_t k = 0; k < count; k += WORDS_ABREAST) {
        float nearest[WORDS_ABREAST] = {0};
        name_vectors(book, q->size, words + k, count - k, room);
        for (int64_t j = 0; j < m; j += LANES) {
            vec alike[WORDS_ABREAST];
            cosines_of(mine + j * q->size, room, q->size, alike);
            for (int i = 0; i < WORDS_ABREAST; i++)
                for (int64_t lane = 0; lane < LANES && j + lane < m; lane++) {
                    float value = alike[i][lane];
                    best[j + lane] = value > best[j + lane] ? value : best[j + lane];
                    nearest[i] = value > nearest[i] ? value : nearest[i];
                }
        }
        for (int64_t i = 0; i < WORDS_ABREAST && k + i < count; i++) {
            float idf = book->idf[words[k + i]];
            near += idf * nearest[i];
            weight += idf;
        }
    }
    for (int64_t j = 0; j < m; j++) {
        float idf = q->idf[first + j], short_of = 1.0f - best[j];
        said += idf * best[j];
        all += idf;
        worst = short_of > worst ? short_of : worst;
    }
    out[0] = (float)said / at_least(all);
    out[n] = 1.0f - worst;
    out[2 * n] = m ? best[m - 1] : 0.0f;
    out[3 * n] = (float)near / at_least(weight);
}

/* out (16, n): twelve rows of `covered`, four of `softly`; `held`, a byte for each word of each
 * pair's query; `room` holds WORDS_MOST + WORDS_ABREAST vectors. */
static void pair_words(const QueryWords *q, const WordBook *book, const int64_t *query,
                       const int64_t *node, const int64_t *name, int64_t n, uint8_t *held,
                       float *room, float *out) {
    float *mine = room + WORDS_ABREAST * q->size;
    for (int64_t i = 0; i < n; i++) {
        int64_t first = q->ptr[query[i]], m = q->ptr[query[i] + 1] - first;
        if (!i || query[i] != query[i - 1]) side_by_side(q, first, m, mine);
        covered(q, book, first, m, name[i], node[i], held, out + i, n);
        softly(q, book, first, m, name[i], mine, room, out + 12 * n + i, n);
        held += m;
    }
}

#endif

/* How alike two texts are: the ratios of rapidfuzz, and how their lengths compare.
 *
 * A ratio is 1 - d / (|a| + |b|), d the insertions and deletions between a and b: |a| + |b| less
 * twice the longest common subsequence, which takes an operation a letter of b and 64 letters of a
 * (Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA 2004, section 4).
 */
#include "kernels.h"

#include <stdlib.h>

#define PLAIN 256 /* letters below have a row of their own in a pattern; others are looked up */

/* Where each letter of a text stands, one bit a place. */
typedef struct {
    uint64_t *bits;  /* (PLAIN + room, words) */
    uint32_t *wide;  /* (room): the letters of the rows from PLAIN on; 0: none yet */
    int64_t room;    /* a power of two */
    int64_t words;   /* of 64 letters, that the text fills */
    const uint32_t *text;
    int64_t n;
} Pattern;

/* A word of a text. */
typedef struct {
    const uint32_t *text;
    int64_t n;
} Token;

typedef struct {
    Token *tokens;
    int64_t n;
    uint32_t *joined; /* the words in order, one blank between them */
    int64_t length;
} Sorted;

/* The row of a letter; the row after the last where the pattern does not have it. */
INLINE int64_t row_of(const Pattern *p, uint32_t letter) {
    if (letter < PLAIN) return letter;
    for (int64_t i = (int64_t)((letter * 2654435761u) >> 7);; i++) {
        uint32_t found = p->wide[i & (p->room - 1)];
        if (found == letter || !found) return PLAIN + (i & (p->room - 1));
    }
}

static void pattern_clear(Pattern *p) {
    for (int64_t i = 0; i < p->n; i++)
        memset(p->bits + row_of(p, p->text[i]) * p->words, 0, (size_t)p->words * 8);
    for (int64_t i = 0; i < p->n; i++)
        if (p->text[i] >= PLAIN) {
            memset(p->wide, 0, (size_t)p->room * sizeof *p->wide);
            break;
        }
    p->n = 0;
}

/* Makes the pattern, empty before, of a text that must stay where it is until it is cleared. */
static void pattern_set(Pattern *p, const uint32_t *text, int64_t n) {
    p->text = text;
    p->n = n;
    p->words = n ? (n + 63) / 64 : 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = row_of(p, text[i]);
        if (row >= PLAIN) p->wide[row - PLAIN] = text[i];
        p->bits[row * p->words + i / 64] |= 1ull << (i % 64);
    }
}

/* The letters that must be inserted and deleted between the pattern's text and another. */
static int64_t distance(const Pattern *p, const uint32_t *text, int64_t n, uint64_t *state) {
    int64_t common = 0;
    if (p->words == 1) {
        uint64_t s = ~0ull;
        for (int64_t i = 0; i < n; i++) {
            uint64_t u = s & p->bits[row_of(p, text[i])];
            s = (s + u) | (s - u);
        }
        common = __builtin_popcountll(~s);
    } else {
        for (int64_t w = 0; w < p->words; w++) state[w] = ~0ull;
        for (int64_t i = 0; i < n; i++) {
            const uint64_t *bits = p->bits + row_of(p, text[i]) * p->words;
            uint64_t carry = 0;
            for (int64_t w = 0; w < p->words; w++) {
                uint64_t s = state[w], u = s & bits[w], sum = s + carry;
                uint64_t over = sum < carry;
                sum += u;
                carry = over | (sum < u);
                state[w] = sum | (s - u);
            }
        }
        for (int64_t w = 0; w < p->words; w++) common += __builtin_popcountll(~state[w]);
    }
    return p->n + n - 2 * common;
}

INLINE int order_of(const Token *a, const Token *b) {
    int64_t least = a->n < b->n ? a->n : b->n;
    for (int64_t i = 0; i < least; i++)
        if (a->text[i] != b->text[i]) return a->text[i] < b->text[i] ? -1 : 1;
    return (a->n > b->n) - (a->n < b->n);
}

static int64_t joined_of(const Token *tokens, int64_t n, uint32_t *to) {
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i) to[at++] = ' ';
        for (int64_t c = 0; c < tokens[i].n; c++) to[at++] = tokens[i].text[c];
    }
    return at;
}

/* Cuts a text at its blanks and puts the words in order. */
static void sort_words(Sorted *s, const uint32_t *text, int64_t n) {
    s->n = 0;
    for (int64_t i = 0; i < n;) {
        int64_t first = i;
        while (i < n && text[i] != ' ') i++;
        if (i > first) s->tokens[s->n++] = (Token){text + first, i - first};
        while (i < n && text[i] == ' ') i++;
    }
    for (int64_t gap = s->n > 16 ? s->n / 2 : s->n > 1; gap; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (int64_t i = gap; i < s->n; i++) { /* Shell's sort */
            Token moved = s->tokens[i];
            int64_t j = i;
            for (; j >= gap && order_of(&s->tokens[j - gap], &moved) > 0; j -= gap)
                s->tokens[j] = s->tokens[j - gap];
            s->tokens[j] = moved;
        }
    s->length = joined_of(s->tokens, s->n, s->joined);
}

/* Leaves one of equal words, which stand side by side. */
static int64_t distinct(Token *tokens, int64_t n) {
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (!kept || order_of(&tokens[kept - 1], &tokens[i])) tokens[kept++] = tokens[i];
    return kept;
}

typedef struct {
    Pattern text, sorted, rest; /* of the query, of its words in order, of those not in the name */
    Sorted query, name;
    Token *left, *right; /* the distinct words of one side only */
    uint32_t *joined[2];
    uint64_t *state;
} Room;

/* One quotient in two ways: rapidfuzz rounds plain ratios and those of sets differently, and a tree
 * may tell them apart. */
INLINE double ratio_of(int64_t distance, int64_t length) {
    return length ? (1.0 - (double)distance / (double)length) * 100.0 : 100.0;
}

INLINE double share_of(int64_t distance, int64_t length) {
    return length ? 100.0 - 100.0 * (double)distance / (double)length : 100.0;
}

/* The greatest ratio among the words of both and these with the words of either side; the words of
 * query and name are sorted and distinct, `sorted` is the distance of all their words. */
static double set_ratio(Room *r, int64_t n_query, int64_t n_name, int64_t sorted, int all) {
    int64_t n_left = 0, n_right = 0, both = 0, shared = 0;
    if (!n_query || !n_name) return 0.0;
    for (int64_t i = 0, j = 0; i < n_query || j < n_name;) {
        int order = i == n_query ? 1 : j == n_name ? -1
                                 : order_of(&r->query.tokens[i], &r->name.tokens[j]);
        if (!order) {
            both += r->query.tokens[i].n + (shared++ > 0);
            i++, j++;
        } else if (order < 0) {
            r->left[n_left++] = r->query.tokens[i++];
        } else {
            r->right[n_right++] = r->name.tokens[j++];
        }
    }
    if (shared && (!n_left || !n_right)) return 100.0;
    if (!shared && all) return share_of(sorted, r->query.length + r->name.length);
    pattern_clear(&r->rest);
    int64_t a = joined_of(r->left, n_left, r->joined[0]);
    int64_t b = joined_of(r->right, n_right, r->joined[1]);
    int64_t head = both + (shared > 0);
    pattern_set(&r->rest, r->joined[0], a);
    double best = share_of(distance(&r->rest, r->joined[1], b, r->state), 2 * head + a + b);
    if (!shared) return best;
    double left = share_of(1 + a, both + head + a), right = share_of(1 + b, both + head + b);
    best = left > best ? left : best;
    return right > best ? right : best;
}

static int make_pattern(Pattern *p, int64_t longest, int64_t wide) {
    for (p->room = 4; p->room < 2 * wide; p->room *= 2) {}
    p->bits = calloc((size_t)((PLAIN + p->room) * (longest / 64 + 1)), 8);
    p->wide = calloc((size_t)p->room, sizeof *p->wide);
    return p->bits && p->wide;
}

/* Makes room for queries and texts of such lengths, queries with up to `wide` letters from PLAIN. */
static int make_room(Room *r, int64_t query, int64_t longest, int64_t wide) {
    *r = (Room){{0}};
    Pattern *patterns[] = {&r->text, &r->sorted, &r->rest};
    uint32_t **letters[] = {&r->query.joined, &r->name.joined, &r->joined[0], &r->joined[1]};
    Token **tokens[] = {&r->query.tokens, &r->name.tokens, &r->left, &r->right};
    int made = 1;
    for (int i = 0; i < 3; i++) made &= make_pattern(patterns[i], query, wide);
    for (int i = 0; i < 4; i++) {
        *letters[i] = malloc((size_t)(longest + 1) * sizeof **letters[i]);
        *tokens[i] = malloc((size_t)(longest + 1) * sizeof **tokens[i]);
        made &= *letters[i] && *tokens[i];
    }
    r->state = malloc((size_t)(query / 64 + 1) * 8);
    return made && r->state;
}

static void free_room(Room *r) {
    void *held[] = {r->text.bits, r->text.wide, r->sorted.bits, r->sorted.wide, r->rest.bits,
                    r->rest.wide, r->query.joined, r->name.joined, r->joined[0], r->joined[1],
                    r->query.tokens, r->name.tokens, r->left, r->right, r->state};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) free(held[i]);
}

int text_ratios(const Texts *queries, const Texts *names, const int64_t *query, int64_t n,
                float *out) {
    int64_t longest = 0, most = 0, wide = 0, last = -1, n_query = 0;
    int all = 0;
    Room r;
    for (int64_t i = 0; i < n; i++) {
        int64_t first = queries->ptr[query[i]], a = queries->ptr[query[i] + 1] - first, here = 0;
        int64_t b = names->ptr[i + 1] - names->ptr[i];
        most = b > most ? b : most;
        if (i && query[i] == query[i - 1]) continue;
        for (int64_t c = 0; c < a; c++) here += queries->letters[first + c] >= PLAIN;
        wide = here > wide ? here : wide;
        longest = a > longest ? a : longest;
    }
    int made = make_room(&r, longest, longest > most ? longest : most, wide);
    for (int64_t i = 0; made && i < n; i++) {
        const uint32_t *mine = queries->letters + queries->ptr[query[i]];
        const uint32_t *name = names->letters + names->ptr[i];
        int64_t a = queries->ptr[query[i] + 1] - queries->ptr[query[i]];
        int64_t b = names->ptr[i + 1] - names->ptr[i];
        if (query[i] != last) {
            last = query[i];
            pattern_clear(&r.text);
            pattern_clear(&r.sorted);
            pattern_set(&r.text, mine, a);
            sort_words(&r.query, mine, a);
            pattern_set(&r.sorted, r.query.joined, r.query.length);
            n_query = distinct(r.query.tokens, r.query.n);
            all = n_query == r.query.n;
        }
        sort_words(&r.name, name, b);
        int64_t sorted = distance(&r.sorted, r.name.joined, r.name.length, r.state);
        int64_t n_name = distinct(r.name.tokens, r.name.n);
        out[i] = (float)ratio_of(distance(&r.text, name, b, r.state), a + b) / 100.0f;
        out[n + i] = (float)ratio_of(sorted, r.query.length + r.name.length) / 100.0f;
        out[2 * n + i] =
            (float)set_ratio(&r, n_query, n_name, sorted, all && n_name == r.name.n) / 100.0f;
        out[3 * n + i] = (float)a / (float)(b > 1 ? b : 1);
        out[4 * n + i] = a == b && !memcmp(mine, name, (size_t)a * sizeof *mine);
    }
    free_room(&r);
    return made ? 0 : -1;
}

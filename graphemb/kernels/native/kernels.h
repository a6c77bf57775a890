/* What the kernels share: random numbers, and what each of them is called with.
 *
 * Plain C with GCC/Clang vector extensions. The loops over rows of floats are compiled once for
 * each level of x86-64 (level_*.c include levels.h) and chosen at run time (levels.c), so that one
 * wheel serves every processor; elsewhere there is one level. Nothing here knows of Python.
 */
#ifndef GRAPHEMB_KERNELS_H
#define GRAPHEMB_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* splitmix64 (Steele et al., OOPSLA 2014, figure 16): the stream of one unit of work. */
#define GOLDEN 0x9E3779B97F4A7C15ULL

INLINE uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

INLINE uint64_t stream_of(uint64_t seed, uint64_t unit) { return mixed(seed + mixed(unit + GOLDEN)); }

INLINE uint64_t next64(uint64_t *state) {
    *state += GOLDEN;
    return mixed(*state);
}

/* The upper half of a draw as a number below n, by multiplication. */
INLINE uint32_t below(uint64_t draw, uint32_t n) { return (uint32_t)(((draw >> 32) * n) >> 32); }

/* The upper and the lower half of a draw as numbers in [0, 1). */
INLINE double upper(uint64_t draw) { return (double)(uint32_t)(draw >> 32) * (1.0 / 4294967296.0); }
INLINE double lower(uint64_t draw) { return (double)(uint32_t)draw * (1.0 / 4294967296.0); }

/* A hash of each text of a buffer, texts ended by zero bytes. */
void text_hashes(const uint8_t *bytes, int64_t length, uint64_t seed, uint64_t *out, int64_t n);

/* Random projection rows from the hashes of node ids; kind 0 sparse, 1 Gaussian, 2 uniform. */
void projection_rows(const uint64_t *hashes, const float *scale, float *out, int64_t n, int64_t dim,
                     int kind, double density);

typedef struct {
    const int64_t *ptr;
    const int32_t *columns;
    const double *cumulative; /* share of a row's weight up to each entry; NULL: equal weights */
    double p, q;
} WalkGraph;

void random_walks(const WalkGraph *graph, const int32_t *starts, const uint64_t *units,
                  int64_t n_walks, int64_t length, uint64_t seed, int32_t *out);

typedef struct {
    float *input, *output;      /* (n, width), width a multiple of 16 */
    int64_t width;
    const float *noise_keep;    /* alias table of the noise distribution over nodes */
    const int32_t *noise_alias;
    const float *sample;        /* chance to keep an occurrence of a node; NULL keeps all */
    int64_t n_nodes;
    int window, n_negative, share;
    uint64_t seed;
} SkipGram;

/* A sparse matrix by rows. */
typedef struct {
    const int64_t *ptr;
    const int32_t *columns;
    const float *values;
    int64_t n;
} SparseRows;

/* Features a row of the trees may have at most. */
#define TREE_FEATURES 128

typedef struct {
    const int64_t *ptr;     /* (n_trees + 1): the inner nodes of each tree */
    const int32_t *feature; /* what an inner node looks at */
    const float *threshold; /* go left where x <= threshold */
    const int32_t *keep;    /* the leaves that are left after going right, one bit each */
    const float *leaves;    /* (n_trees, 32) */
    int64_t n_trees, n_features;
    float base;
} Trees;

/* Postings of an inverted index: the names that hold a column, with weights no less than 0. */
typedef struct {
    const int64_t *ptr;
    const int32_t *names;
    const uint16_t *half; /* the weights as float16; NULL: `whole` holds them as float32 */
    const float *whole;
    int64_t n_names, budget;
} Postings;

#define BEST_MOST 256   /* nodes that a list may hold at most */
#define CHANNELS_MOST 4 /* and kinds of scores */

/* Names and their nodes: the names of node i are rows starts[i] … starts[i + 1] - 1, at least one. */
typedef struct {
    const int64_t *starts;
    const int32_t *owners;
    const float *bounds; /* of each name; see offer_sum */
    int64_t n_nodes, n_names;
} NodeNames;

/* Vectors of names in 8 bits; rows beyond the last fill up to a multiple of 32. */
typedef struct {
    const int8_t *codes;    /* (names / 16, steps, 16, 4) */
    const int32_t *offsets; /* 128 times the sum of a name's codes */
    const float *scales;    /* what a code of 1 stands for */
    int64_t steps, n_names;
} Bytes;

/* Returns -1 where the processor has no such instruction. */
int byte_scores(const Bytes *names, const uint8_t *queries, const float *scales, int64_t n,
                float *out);

/* Words of a query that are compared at most, and words of a name that are looked at together. */
#define WORDS_MOST 64
#define WORDS_ABREAST 4

/* The distinct words of queries, flat: those of query q are ptr[q] … ptr[q + 1] - 1. */
typedef struct {
    const int64_t *ptr;
    const int64_t *ids;     /* the word in the book; -1: not there */
    const int64_t *slots;   /* its vector */
    const int32_t *classes; /* 0 to 3 */
    const float *idf;
    const float *vectors; /* (slots, size) */
    int64_t size;
} QueryWords;

/* The words of names, nodes and families; see WordBook in map/_words.py. */
typedef struct {
    const int64_t *ptr, *words;            /* of names */
    const int64_t *node_ptr, *node_keys;   /* ascending keys node · n_words + word, by node */
    const int64_t *family_ptr, *family_keys;
    const float *idf, *totals;
    const int8_t *classes;
    const uint16_t *vectors; /* (n_words, size), float16 */
    int64_t n_words, most;   /* words of a name beyond `most` are not compared */
} WordBook;

/* Texts as code points, one after the other. */
typedef struct {
    const uint32_t *letters;
    const int64_t *ptr;
} Texts;

/* out (5, n): for each query[i] and text i of `names` the ratios of the texts, of their words in
 * order and of their words as sets, the quotient of their lengths, and whether they are equal.
 * Returns -1 when memory is not to be had. */
int text_ratios(const Texts *queries, const Texts *names, const int64_t *query, int64_t n,
                float *out);

/* The loops that are compiled for each level of processor. */
typedef struct {
    /* Sparse rows times a dense matrix. */
    void (*spmm)(const int64_t *ptr, const int32_t *columns, const float *weights,
                 const float *scale, const float *dense, float *out, int64_t dim, int64_t first,
                 int64_t last);
    /* total += weight · rows, rows scaled to unit length where `normalise`. */
    void (*add_rows)(float *total, const float *rows, int64_t n, int64_t dim, float weight,
                     int normalise);
    int64_t (*projection_entries)(const uint64_t *hashes, const float *scale, int64_t n,
                                  int64_t dim, double density, int64_t most, int64_t *ptr,
                                  int32_t *columns, float *values);
    /* Sparse rows times a sparse matrix, the product dense. */
    void (*sparse_rows)(const int64_t *ptr, const int32_t *columns, const float *weights,
                        const float *scale, const SparseRows *other, float *out, int64_t dim,
                        int64_t first, int64_t last);
    void (*column_sums)(const float *rows, const float *shift, int64_t n, int64_t dim,
                        double *sums);
    /* Returns -1 when memory for the buffers of a walk is not to be had. */
    int (*skipgram)(const SkipGram *model, const int32_t *walks, const uint64_t *units,
                    int64_t n_walks, int64_t length, float rate_first, float rate_last);
    void (*trees)(const Trees *trees, const float *columns, int64_t n, float *out);
    /* Sparse rows times a dense matrix of float16. */
    void (*half_rows)(const int64_t *ptr, const int32_t *columns, const float *weights,
                      const uint16_t *table, int64_t dim, int64_t n, float *out);
    /* Scores of all names; returns -1 when memory for the sums is not to be had. */
    int (*postings)(const Postings *postings, const int64_t *ptr, const int32_t *columns,
                    const float *values, int64_t n, float *out);
    void (*best_nodes)(const NodeNames *names, const float *const *channels, const float *weights,
                       int n_channels, const uint8_t *allowed, int64_t n, int64_t each,
                       int64_t fused, int32_t *out);
    void (*node_scores)(const NodeNames *names, const int64_t *query, const int64_t *node, int64_t n,
                        const float *vectors, const float *documents, int64_t dim, float *scores,
                        float *out);
    /* Features of pairs: see words.h and pairs.h. */
    void (*pair_words)(const QueryWords *words, const WordBook *book, const int64_t *query,
                       const int64_t *node, const int64_t *name, int64_t n, uint8_t *held,
                       float *room, float *out);
    void (*best_names)(const NodeNames *names, const float *const *channels, int n_channels,
                       const int64_t *query, const int64_t *node, int64_t n, int64_t *best,
                       float *out);
    void (*run_ranks)(const float *values, const int64_t *ptr, int64_t n_runs, float *gap,
                      float *rank);
    void (*rival_gaps)(const float *values, const int64_t *group, const int64_t *ptr,
                       int64_t n_runs, float *out);
    void (*relative_scores)(const NodeNames *names, const int64_t *query, const int64_t *node,
                            int64_t n, const int32_t *ptr, const int32_t *rows, int64_t most,
                            const float *vectors, const float *documents, int64_t dim,
                            float *scores, float *out);
    void (*space_scores)(const uint16_t *vectors, int64_t dim, const float *points,
                         const int64_t *node, const float *weight, const int64_t *ptr,
                         int64_t n_runs, int64_t n, float *total, float *out);
} Level;

/* The highest level that this processor has. */
const Level *level_here(void);

extern const Level level_base;
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define HAS_LEVELS 1
extern const Level level_v3, level_v4;
#endif

#endif

/* The Python face of the kernels that describe (query, candidate) pairs; see module.c. */
#include "face.h"

static PyObject *py_text_ratios(PyObject *self, PyObject *args) {
    PyObject *left, *left_ptr, *right, *right_ptr, *query, *out;
    long long n, b;
    int failed = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOLL", &left, &left_ptr, &right, &right_ptr, &query, &out, &n,
                          &b))
        return NULL;
    Held held = {.n = 0};
    Texts queries, names;
    queries.ptr = items(&held, left_ptr, 8, b + 1, 0, "left_ptr");
    queries.letters = items(&held, left, 4, queries.ptr ? queries.ptr[b] : 0, 0, "left");
    names.ptr = items(&held, right_ptr, 8, n + 1, 0, "right_ptr");
    names.letters = items(&held, right, 4, names.ptr ? names.ptr[n] : 0, 0, "right");
    const int64_t *q = items(&held, query, 8, n, 0, "query");
    float *o = items(&held, out, 4, 5 * n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        failed = text_ratios(&queries, &names, q, n, o);
        Py_END_ALLOW_THREADS
    }
    if (failed) PyErr_NoMemory();
    return done(&held);
}

/* The words of queries: (ptr, ids, slots, classes, idf, vectors). */
static QueryWords query_words(Held *held, PyObject *from, int64_t b, int64_t size) {
    QueryWords q = {.size = size};
    PyObject *ptr, *ids, *slots, *classes, *idf, *vectors;
    if (!PyArg_ParseTuple(from, "OOOOOO", &ptr, &ids, &slots, &classes, &idf, &vectors)) return q;
    q.ptr = items(held, ptr, 8, b + 1, 0, "ptr");
    int64_t words = q.ptr ? q.ptr[b] : 0;
    q.ids = items(held, ids, 8, words, 0, "ids");
    q.slots = items(held, slots, 8, words, 0, "slots");
    q.classes = items(held, classes, 4, words, 0, "classes");
    q.idf = items(held, idf, 4, words, 0, "idf");
    q.vectors = items(held, vectors, 4, size, 0, "vectors");
    for (int64_t i = 0; q.ptr && i < b; i++)
        if (q.ptr[i + 1] - q.ptr[i] > WORDS_MOST && !PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "kernels: a query has more than %d words.", WORDS_MOST);
    return q;
}

/* The words of names: (ptr, words, node ptr and keys, family ptr and keys, idf, totals, classes,
 * vectors). */
static WordBook word_book(Held *held, PyObject *from, int64_t size, int64_t most) {
    WordBook w = {.most = most};
    PyObject *ptr, *words, *nodes, *node_keys, *families, *family_keys, *idf, *totals, *classes;
    PyObject *vectors;
    if (!PyArg_ParseTuple(from, "OOOOOOOOOO", &ptr, &words, &nodes, &node_keys, &families,
                          &family_keys, &idf, &totals, &classes, &vectors))
        return w;
    w.ptr = items(held, ptr, 8, 1, 0, "ptr");
    if (!w.ptr) return w;
    int64_t n_names = held->views[held->n - 1].len / 8 - 1;
    w.words = items(held, words, 8, w.ptr[n_names], 0, "words");
    w.node_ptr = items(held, nodes, 8, 1, 0, "node_ptr");
    w.node_keys = items(held, node_keys, 8, 0, 0, "node_keys");
    w.family_ptr = items(held, families, 8, 1, 0, "family_ptr");
    w.family_keys = items(held, family_keys, 8, 0, 0, "family_keys");
    w.classes = items(held, classes, 1, 1, 0, "classes");
    if (!w.classes) return w;
    w.n_words = held->views[held->n - 1].len;
    w.idf = items(held, idf, 4, w.n_words, 0, "idf");
    w.totals = items(held, totals, 4, n_names, 0, "totals");
    w.vectors = items(held, vectors, 2, w.n_words * size, 0, "vectors");
    return w;
}

static PyObject *py_pair_words(PyObject *self, PyObject *args) {
    PyObject *words, *book, *query, *node, *name, *kept, *room, *out;
    long long n, b, size, most, n_held;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O!OOOOOOLLLLL", &PyTuple_Type, &words, &PyTuple_Type, &book,
                          &query, &node, &name, &kept, &room, &out, &n, &b, &size, &most, &n_held))
        return NULL;
    Held held = {.n = 0};
    QueryWords q = query_words(&held, words, b, size);
    WordBook w = PyErr_Occurred() ? (WordBook){0} : word_book(&held, book, size, most);
    const int64_t *row = items(&held, query, 8, n, 0, "query");
    const int64_t *v = items(&held, node, 8, n, 0, "node");
    const int64_t *best = items(&held, name, 8, n, 0, "name");
    uint8_t *h = items(&held, kept, 1, n_held, 1, "held");
    float *r = items(&held, room, 4, (WORDS_MOST + WORDS_ABREAST) * size, 1, "room");
    float *o = items(&held, out, 4, 16 * n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->pair_words(&q, &w, row, v, best, n, h, r, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_best_names(PyObject *self, PyObject *args) {
    PyObject *channels, *starts, *query, *node, *best, *out;
    long long n_names, n_nodes, n, b;
    const float *rows[CHANNELS_MOST];
    (void)self;
    if (!PyArg_ParseTuple(args, "O!OOOOOLLLL", &PyTuple_Type, &channels, &starts, &query, &node,
                          &best, &out, &n_names, &n_nodes, &n, &b))
        return NULL;
    Py_ssize_t n_channels = PyTuple_Size(channels);
    if (n_channels < 1 || n_channels > CHANNELS_MOST)
        return PyErr_Format(PyExc_ValueError, "kernels: there must be 1 to %d channels.",
                            CHANNELS_MOST);
    Held held = {.n = 0};
    NodeNames names = {.n_nodes = n_nodes, .n_names = n_names};
    for (Py_ssize_t c = 0; c < n_channels; c++)
        rows[c] = items(&held, PyTuple_GetItem(channels, c), 4, b * n_names, 0, "scores");
    names.starts = items(&held, starts, 8, n_nodes + 1, 0, "starts");
    const int64_t *q = items(&held, query, 8, n, 0, "query");
    const int64_t *v = items(&held, node, 8, n, 0, "node");
    int64_t *to = items(&held, best, 8, n, 1, "best");
    float *o = items(&held, out, 4, 2 * n_channels * n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->best_names(&names, rows, (int)n_channels, q, v, n, to, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_run_ranks(PyObject *self, PyObject *args) {
    PyObject *values, *ptr, *gap, *rank;
    long long n, n_runs;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOLL", &values, &ptr, &gap, &rank, &n, &n_runs)) return NULL;
    Held held = {.n = 0};
    const float *v = items(&held, values, 4, n, 0, "values");
    const int64_t *p = items(&held, ptr, 8, n_runs + 1, 0, "ptr");
    float *g = items(&held, gap, 4, n, 1, "gap"), *r = items(&held, rank, 4, n, 1, "rank");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->run_ranks(v, p, n_runs, g, r);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_rival_gaps(PyObject *self, PyObject *args) {
    PyObject *values, *group, *ptr, *out;
    long long n, n_runs;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOLL", &values, &group, &ptr, &out, &n, &n_runs)) return NULL;
    Held held = {.n = 0};
    const float *v = items(&held, values, 4, n, 0, "values");
    const int64_t *g = items(&held, group, 8, n, 0, "group");
    const int64_t *p = items(&held, ptr, 8, n_runs + 1, 0, "ptr");
    float *o = items(&held, out, 4, n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->rival_gaps(v, g, p, n_runs, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_relative_scores(PyObject *self, PyObject *args) {
    PyObject *scores, *starts, *query, *node, *ptr, *rows, *vectors, *documents, *out;
    long long n_names, n_nodes, n, b, most, dim;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOLLLLLL", &scores, &starts, &query, &node, &ptr, &rows,
                          &vectors, &documents, &out, &n_names, &n_nodes, &n, &b, &most, &dim))
        return NULL;
    Held held = {.n = 0};
    NodeNames names = {.n_nodes = n_nodes, .n_names = n_names};
    float *s = items(&held, scores, 4, b * n_names, 1, "scores");
    names.starts = items(&held, starts, 8, n_nodes + 1, 0, "starts");
    const int64_t *q = items(&held, query, 8, n, 0, "query");
    const int64_t *v = items(&held, node, 8, n, 0, "node");
    const int32_t *p = items(&held, ptr, 4, n_nodes + 1, 0, "ptr");
    const int32_t *r = items(&held, rows, 4, p ? p[n_nodes] : 0, 0, "rows");
    const float *x = items(&held, vectors, 4, b * dim, 0, "vectors");
    const float *d = items(&held, documents, 4, n_names * dim, 0, "documents");
    float *o = items(&held, out, 4, n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->relative_scores(&names, q, v, n, p, r, most, x, d, dim, s, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_space_scores(PyObject *self, PyObject *args) {
    PyObject *vectors, *points, *node, *weight, *ptr, *total, *out;
    long long dim, n_nodes, n, n_runs;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOLLLL", &vectors, &points, &node, &weight, &ptr, &total,
                          &out, &dim, &n_nodes, &n, &n_runs))
        return NULL;
    Held held = {.n = 0};
    const uint16_t *x = items(&held, vectors, 2, n_nodes * dim, 0, "vectors");
    const float *y = items(&held, points, 4, n_runs * dim, 0, "points");
    const int64_t *v = items(&held, node, 8, n, 0, "node");
    const float *w = items(&held, weight, 4, n, 0, "weight");
    const int64_t *p = items(&held, ptr, 8, n_runs + 1, 0, "ptr");
    float *t = items(&held, total, 4, dim, 1, "total");
    float *o = items(&held, out, 4, 2 * n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->space_scores(x, dim, y, v, w, p, n_runs, n, t, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

PyMethodDef pair_methods[] = {
    {"text_ratios", py_text_ratios, METH_VARARGS, "How alike texts are, letter by letter."},
    {"pair_words", py_pair_words, METH_VARARGS, "Words of queries that candidates hold."},
    {"best_names", py_best_names, METH_VARARGS, "The name of each node that fits best."},
    {"run_ranks", py_run_ranks, METH_VARARGS, "Distance from the best of a run, and rank."},
    {"rival_gaps", py_rival_gaps, METH_VARARGS, "Lead over the best other of a group."},
    {"relative_scores", py_relative_scores, METH_VARARGS, "Best scores of nodes' relatives."},
    {"space_scores", py_space_scores, METH_VARARGS, "Agreement in node space."},
    {NULL, NULL, 0, NULL},
};

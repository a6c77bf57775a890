/* The Python face of the kernels that mapping uses; see module.c. */
#include "face.h"

static PyObject *py_trees(PyObject *self, PyObject *args) {
    PyObject *ptr, *feature, *threshold, *keep, *leaves, *columns, *out;
    long long n_trees, n_features, n;
    Trees t;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOLLLf", &ptr, &feature, &threshold, &keep, &leaves, &columns,
                          &out, &n_trees, &n_features, &n, &t.base))
        return NULL;
    if (n_features > TREE_FEATURES)
        return PyErr_Format(PyExc_ValueError, "kernels: trees see at most %d features; got %lld.",
                            TREE_FEATURES, n_features);
    Held held = {.n = 0};
    t.n_trees = n_trees;
    t.n_features = n_features;
    t.ptr = items(&held, ptr, 8, n_trees + 1, 0, "ptr");
    int64_t inner = t.ptr ? t.ptr[n_trees] : 0;
    t.feature = items(&held, feature, 4, inner, 0, "feature");
    t.threshold = items(&held, threshold, 4, inner, 0, "threshold");
    t.keep = items(&held, keep, 4, inner, 0, "keep");
    t.leaves = items(&held, leaves, 4, n_trees * 32, 0, "leaves");
    const float *c = items(&held, columns, 4, n_features * n, 0, "columns");
    float *o = items(&held, out, 4, n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->trees(&t, c, n, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_half_rows(PyObject *self, PyObject *args) {
    PyObject *ptr, *columns, *weights, *table, *out;
    long long dim, n;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOLL", &ptr, &columns, &weights, &table, &out, &dim, &n))
        return NULL;
    Held held = {.n = 0};
    const int64_t *p = items(&held, ptr, 8, n + 1, 0, "ptr");
    const int32_t *c = p ? items(&held, columns, 4, p[n], 0, "columns") : NULL;
    const float *w = p ? items(&held, weights, 4, p[n], 0, "weights") : NULL;
    const uint16_t *t = items(&held, table, 2, 0, 0, "table");
    float *o = items(&held, out, 4, n * dim, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->half_rows(p, c, w, t, dim, n, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_postings(PyObject *self, PyObject *args) {
    PyObject *ptr, *names, *weights, *rows, *columns, *values, *out;
    int half, failed = 0;
    long long n_names, budget, n;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOiLLL", &ptr, &names, &weights, &rows, &columns, &values,
                          &out, &half, &n_names, &budget, &n))
        return NULL;
    Held held = {.n = 0};
    Postings p = {.n_names = n_names, .budget = budget};
    p.ptr = items(&held, ptr, 8, 1, 0, "ptr");
    int64_t entries = p.ptr ? p.ptr[held.views[0].len / 8 - 1] : 0;
    p.names = items(&held, names, 4, entries, 0, "names");
    const void *w = items(&held, weights, half ? 2 : 4, entries, 0, "weights");
    p.half = half ? w : NULL;
    p.whole = half ? NULL : w;
    const int64_t *r = items(&held, rows, 8, n + 1, 0, "rows");
    const int32_t *c = r ? items(&held, columns, 4, r[n], 0, "columns") : NULL;
    const float *v = r ? items(&held, values, 4, r[n], 0, "values") : NULL;
    float *o = items(&held, out, 4, n * n_names, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        failed = level->postings(&p, r, c, v, n, o);
        Py_END_ALLOW_THREADS
    }
    if (failed) PyErr_NoMemory();
    return done(&held);
}

static PyObject *py_best_nodes(PyObject *self, PyObject *args) {
    PyObject *starts, *owners, *bounds, *channels, *weights, *allowed, *out;
    long long n_nodes, n_names, n, each, fused;
    const float *rows[CHANNELS_MOST];
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOO!OOOLLLLL", &starts, &owners, &bounds, &PyTuple_Type,
                          &channels, &weights, &allowed, &out, &n_nodes, &n_names, &n, &each,
                          &fused))
        return NULL;
    Py_ssize_t n_channels = PyTuple_Size(channels);
    if (n_channels > CHANNELS_MOST || each < 1 || fused < 1 || each > BEST_MOST || fused > BEST_MOST)
        return PyErr_Format(PyExc_ValueError, "kernels: lists of best nodes are out of range.");
    Held held = {.n = 0};
    NodeNames names = {.n_nodes = n_nodes, .n_names = n_names};
    names.starts = items(&held, starts, 8, n_nodes + 1, 0, "starts");
    names.owners = items(&held, owners, 4, n_names, 0, "owners");
    names.bounds = items(&held, bounds, 4, n_names, 0, "bounds");
    for (Py_ssize_t c = 0; c < n_channels; c++)
        rows[c] = items(&held, PyTuple_GetItem(channels, c), 4, n * n_names, 0, "scores");
    const float *w = items(&held, weights, 4, n_channels, 0, "weights");
    const uint8_t *a = items(&held, allowed, 1, n_nodes, 0, "allowed");
    int32_t *o = items(&held, out, 4, n * (each * n_channels + fused), 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->best_nodes(&names, rows, w, (int)n_channels, a, n, each, fused, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_node_scores(PyObject *self, PyObject *args) {
    PyObject *scores, *starts, *query, *node, *out, *vectors, *documents;
    long long n_names, n_nodes, n, b, dim;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOLLLLL", &scores, &starts, &query, &node, &out, &vectors,
                          &documents, &n_names, &n_nodes, &n, &b, &dim))
        return NULL;
    Held held = {.n = 0};
    float *s = items(&held, scores, 4, b * n_names, 1, "scores");
    NodeNames names = {.n_nodes = n_nodes, .n_names = n_names};
    names.starts = items(&held, starts, 8, n_nodes + 1, 0, "starts");
    const int64_t *q = items(&held, query, 8, n, 0, "query");
    const int64_t *v = items(&held, node, 8, n, 0, "node");
    const float *x = items(&held, vectors, 4, b * dim, 0, "vectors");
    const float *d = items(&held, documents, 4, n_names * dim, 0, "documents");
    float *o = items(&held, out, 4, n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->node_scores(&names, q, v, n, x, d, dim, s, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_byte_scores(PyObject *self, PyObject *args) {
    PyObject *codes, *offsets, *scales, *queries, *sizes, *out;
    long long steps, n_names, n;
    int failed = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOLLL", &codes, &offsets, &scales, &queries, &sizes, &out,
                          &steps, &n_names, &n))
        return NULL;
    Held held = {.n = 0};
    Bytes b = {.steps = steps, .n_names = n_names};
    int64_t filled = (n_names + 31) / 32 * 32;
    b.codes = items(&held, codes, 1, filled * steps * 4, 0, "codes");
    b.offsets = items(&held, offsets, 4, filled, 0, "offsets");
    b.scales = items(&held, scales, 4, filled, 0, "scales");
    const uint8_t *q = items(&held, queries, 1, n * steps * 4, 0, "queries");
    const float *z = items(&held, sizes, 4, n, 0, "sizes");
    float *o = items(&held, out, 4, n * n_names, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        failed = byte_scores(&b, q, z, n, o);
        Py_END_ALLOW_THREADS
    }
    release(&held);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(!failed);
}

PyMethodDef map_methods[] = {
    {"half_rows", py_half_rows, METH_VARARGS, "Rows of a sparse matrix times a float16 one."},
    {"postings", py_postings, METH_VARARGS, "Scores of all names from an inverted index."},
    {"best_nodes", py_best_nodes, METH_VARARGS, "The best nodes of each channel and of their sum."},
    {"node_scores", py_node_scores, METH_VARARGS, "Scores of (query, node) pairs."},
    {"byte_scores", py_byte_scores, METH_VARARGS, "Cosines in 8 bits; False where impossible."},
    {"trees", py_trees, METH_VARARGS, "Sums of boosted trees."},
    {NULL, NULL, 0, NULL},
};

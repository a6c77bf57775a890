/* The Python face of the kernels: checks buffers, releases the GIL, calls.
 *
 * Only the limited API of Python 3.11 is used, so one binary serves every later version. Arrays
 * come as buffers; that their sizes fit each other is checked here, their values are not: the
 * Python module `graphemb.kernels` is the only caller and knows them to be sound.
 */
#include "face.h"

const Level *level;

static PyObject *py_spmm(PyObject *self, PyObject *args) {
    PyObject *ptr, *columns, *weights, *scale, *dense, *out;
    long long dim, first, last;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOLLL", &ptr, &columns, &weights, &scale, &dense, &out, &dim,
                          &first, &last))
        return NULL;
    Held held = {.n = 0};
    const int64_t *p = items(&held, ptr, 8, last + 1, 0, "ptr");
    const int32_t *c = p ? items(&held, columns, 4, p[last], 0, "columns") : NULL;
    const float *w = c ? items(&held, weights, 4, p[last], 0, "weights") : NULL;
    const float *s = c ? items(&held, scale, 4, last, 0, "scale") : NULL;
    const float *d = c ? items(&held, dense, 4, 0, 0, "dense") : NULL;
    float *o = c ? items(&held, out, 4, last * dim, 1, "out") : NULL;
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->spmm(p, c, w, s, d, o, dim, first, last);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_hashes(PyObject *self, PyObject *args) {
    PyObject *bytes, *out;
    long long n;
    unsigned long long seed;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOLK", &bytes, &out, &n, &seed)) return NULL;
    Held held = {.n = 0};
    const uint8_t *b = items(&held, bytes, 1, 0, 0, "bytes");
    int64_t length = PyErr_Occurred() ? 0 : held.views[held.n - 1].len;
    uint64_t *o = items(&held, out, 8, n, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        text_hashes(b, length, seed, o, n);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_projection(PyObject *self, PyObject *args) {
    PyObject *hashes, *scale, *out;
    long long n, dim;
    int kind;
    double density;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOLLid", &hashes, &scale, &out, &n, &dim, &kind, &density))
        return NULL;
    Held held = {.n = 0};
    const uint64_t *h = items(&held, hashes, 8, n, 0, "hashes");
    const float *s = items(&held, scale, 4, n, 0, "scale");
    float *o = items(&held, out, 4, n * dim, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        projection_rows(h, s, o, n, dim, kind, density);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_entries(PyObject *self, PyObject *args) {
    PyObject *hashes, *scale, *ptr, *columns, *values;
    long long n, dim, most, found = 0;
    double density;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOLLdLOOO", &hashes, &scale, &n, &dim, &density, &most, &ptr,
                          &columns, &values))
        return NULL;
    Held held = {.n = 0};
    const uint64_t *h = items(&held, hashes, 8, n, 0, "hashes");
    const float *s = items(&held, scale, 4, n, 0, "scale");
    int64_t *p = items(&held, ptr, 8, n + 1, 1, "ptr");
    int32_t *c = items(&held, columns, 4, most, 1, "columns");
    float *v = items(&held, values, 4, most, 1, "values");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        found = level->projection_entries(h, s, n, dim, density, most, p, c, v);
        Py_END_ALLOW_THREADS
    }
    release(&held);
    return PyErr_Occurred() ? NULL : PyLong_FromLongLong(found);
}

static PyObject *py_sparse_rows(PyObject *self, PyObject *args) {
    PyObject *ptr, *columns, *weights, *scale, *other_ptr, *other_columns, *other_values, *out;
    long long dim, first, last;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOOOLLL", &ptr, &columns, &weights, &scale, &other_ptr,
                          &other_columns, &other_values, &out, &dim, &first, &last))
        return NULL;
    Held held = {.n = 0};
    const int64_t *p = items(&held, ptr, 8, last + 1, 0, "ptr");
    const int32_t *c = p ? items(&held, columns, 4, p[last], 0, "columns") : NULL;
    const float *w = c ? items(&held, weights, 4, p[last], 0, "weights") : NULL;
    const float *s = c ? items(&held, scale, 4, last, 0, "scale") : NULL;
    SparseRows other = {.n = 0};
    other.ptr = c ? items(&held, other_ptr, 8, 1, 0, "other ptr") : NULL;
    other.n = other.ptr ? held.views[held.n - 1].len / 8 - 1 : 0;
    int64_t entries = other.ptr ? other.ptr[other.n] : 0;
    other.columns = items(&held, other_columns, 4, entries, 0, "other columns");
    other.values = items(&held, other_values, 4, entries, 0, "other values");
    float *o = c ? items(&held, out, 4, last * dim, 1, "out") : NULL;
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->sparse_rows(p, c, w, s, &other, o, dim, first, last);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_column_sums(PyObject *self, PyObject *args) {
    PyObject *rows, *shift, *sums;
    long long n, dim;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOLLO", &rows, &shift, &n, &dim, &sums)) return NULL;
    Held held = {.n = 0};
    const float *r = items(&held, rows, 4, n * dim, 0, "rows");
    const float *s = items(&held, shift, 4, dim, 0, "shift");
    double *o = items(&held, sums, 8, 2 * dim, 1, "sums");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->column_sums(r, s, n, dim, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_add_rows(PyObject *self, PyObject *args) {
    PyObject *total, *rows;
    long long n, dim;
    float weight;
    int normalise;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOLLfi", &total, &rows, &n, &dim, &weight, &normalise))
        return NULL;
    Held held = {.n = 0};
    float *t = items(&held, total, 4, n * dim, 1, "total");
    const float *r = t ? items(&held, rows, 4, n * dim, 0, "rows") : NULL;
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        level->add_rows(t, r, n, dim, weight, normalise);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_walks(PyObject *self, PyObject *args) {
    PyObject *ptr, *columns, *cumulative, *starts, *units, *out;
    double p, q;
    long long length;
    unsigned long long seed;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOOOOOLddK", &ptr, &columns, &cumulative, &starts, &units, &out,
                          &length, &p, &q, &seed))
        return NULL;
    Held held = {.n = 0};
    WalkGraph graph = {.p = p, .q = q};
    graph.ptr = items(&held, ptr, 8, 1, 0, "ptr");
    int64_t n_nodes = held.n ? held.views[0].len / 8 - 1 : 0;
    int64_t n_entries = graph.ptr ? graph.ptr[n_nodes] : 0;
    graph.columns = items(&held, columns, 4, n_entries, 0, "columns");
    graph.cumulative = items(&held, cumulative, 8, n_entries, 0, "cumulative");
    const int32_t *s = items(&held, starts, 4, 0, 0, "starts");
    int64_t n_walks = PyErr_Occurred() ? 0 : held.views[held.n - 1].len / 4;
    const uint64_t *u = items(&held, units, 8, n_walks, 0, "units");
    int32_t *o = items(&held, out, 4, n_walks * length, 1, "out");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        random_walks(&graph, s, u, n_walks, length, seed, o);
        Py_END_ALLOW_THREADS
    }
    return done(&held);
}

static PyObject *py_skipgram(PyObject *self, PyObject *args) {
    PyObject *input, *output, *keep, *alias, *sample, *walks, *units;
    long long n_walks, length;
    float first, last;
    unsigned long long seed;
    int failed = 0;
    SkipGram m;
    (void)self;
    long long width, n_nodes;
    if (!PyArg_ParseTuple(args, "OOOOOOOLLLLiiiffK", &input, &output, &keep, &alias, &sample, &walks,
                          &units, &n_nodes, &width, &n_walks, &length, &m.window, &m.n_negative,
                          &m.share, &first, &last, &seed))
        return NULL;
    if (width % 16 || m.n_negative < 1 || m.n_negative > 63 || m.share < 1 || m.share > 64 ||
        m.window < 1)
        return PyErr_Format(PyExc_ValueError, "kernels: skip-gram parameters are out of range.");
    Held held = {.n = 0};
    m.width = width;
    m.n_nodes = n_nodes;
    m.seed = seed;
    m.input = items(&held, input, 4, n_nodes * width, 1, "input");
    m.output = items(&held, output, 4, n_nodes * width, 1, "output");
    m.noise_keep = items(&held, keep, 4, n_nodes, 0, "noise keep");
    m.noise_alias = items(&held, alias, 4, n_nodes, 0, "noise alias");
    m.sample = items(&held, sample, 4, n_nodes, 0, "sample");
    const int32_t *w = items(&held, walks, 4, n_walks * length, 0, "walks");
    const uint64_t *u = items(&held, units, 8, n_walks, 0, "units");
    if (!PyErr_Occurred()) {
        Py_BEGIN_ALLOW_THREADS
        failed = level->skipgram(&m, w, u, n_walks, length, first, last);
        Py_END_ALLOW_THREADS
    }
    if (failed) PyErr_NoMemory();
    return done(&held);
}

static PyMethodDef methods[] = {
    {"spmm", py_spmm, METH_VARARGS, "Rows of a sparse matrix times a dense one."},
    {"hashes", py_hashes, METH_VARARGS, "Hashes of texts."},
    {"projection", py_projection, METH_VARARGS, "Rows of a random projection."},
    {"entries", py_entries, METH_VARARGS, "Entries of a sparse random projection."},
    {"sparse_rows", py_sparse_rows, METH_VARARGS, "Rows of a sparse matrix times another."},
    {"column_sums", py_column_sums, METH_VARARGS, "Sums of columns and of their squares."},
    {"add_rows", py_add_rows, METH_VARARGS, "Add rows, scaled to unit length if asked."},
    {"walks", py_walks, METH_VARARGS, "Random walks of first or second order."},
    {"skipgram", py_skipgram, METH_VARARGS, "Train vectors on walks."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_native", "Compiled kernels of graphemb; see graphemb.kernels.", -1,
    methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) {
    level = level_here();
    PyObject *made = PyModule_Create(&module);
    if (made && (PyModule_AddFunctions(made, map_methods) < 0 ||
                 PyModule_AddFunctions(made, pair_methods) < 0))
        Py_CLEAR(made);
    return made;
}

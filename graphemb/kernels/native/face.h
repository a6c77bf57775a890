/* What the Python faces share: buffers checked, held and released. */
#ifndef GRAPHEMB_FACE_H
#define GRAPHEMB_FACE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "kernels.h"

#define MOST 24

/* The loops for this processor; set when the module is imported. */
extern const Level *level;

/* The kernels of mapping: of names (module_map.c) and of pairs (module_pairs.c). */
extern PyMethodDef map_methods[], pair_methods[];

typedef struct {
    Py_buffer views[MOST];
    int n;
} Held;

INLINE void release(Held *held) {
    while (held->n) PyBuffer_Release(&held->views[--held->n]);
}

/* The memory of `object` as items of `size` bytes, at least `least` of them; NULL for None. */
static inline void *items(Held *held, PyObject *object, Py_ssize_t size, int64_t least, int writable,
                   const char *name) {
    if (object == Py_None || PyErr_Occurred()) return NULL;
    Py_buffer *view = &held->views[held->n];
    int flags = PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, view, flags) < 0) return NULL;
    held->n++;
    if (view->itemsize != size || view->len / size < least) {
        PyErr_Format(PyExc_ValueError,
                     "kernels: %s must hold at least %lld items of %zd bytes; got %zd of %zd.",
                     name, (long long)least, size, view->len / view->itemsize, view->itemsize);
        return NULL;
    }
    return view->buf;
}

static inline PyObject *done(Held *held) {
    release(held);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

#endif

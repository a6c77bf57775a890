/* x86-64-v3: AVX2 and FMA. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <stdlib.h>
#include <math.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#else
#pragma GCC target("arch=x86-64-v3")
#endif
#define LANES 8
#define LEVEL level_v3
#include "levels.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int nothing_here; /* another architecture has one level */
#endif

/* Which of the compiled levels this processor can run. GRAPHEMB_LEVEL=base|v3|v4 asks for less. */
#include "kernels.h"

#include <stdlib.h>

const Level *level_here(void) {
#ifdef HAS_LEVELS
    const char *asked = getenv("GRAPHEMB_LEVEL");
    int most = !asked ? 4 : !strcmp(asked, "v3") ? 3 : !strcmp(asked, "base") ? 1 : 4;
    __builtin_cpu_init();
    if (most >= 4 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("fma"))
        return &level_v4;
    if (most >= 3 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2"))
        return &level_v3;
#endif
    return &level_base;
}

/* The level that every processor has: SSE2 on x86-64, NEON on arm64. */
#define LANES 4
#define LEVEL level_base
#include "levels.h"

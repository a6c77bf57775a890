/* All loops of one level: include after the level's target, LANES and LEVEL (its name). */
#include "spmm.h"
#include "sum.h"
#include "skipgram.h"

const Level LEVEL = {spmm_rows, add_rows, skipgram_walks};

/* All loops of one level: include after the level's target, LANES and LEVEL (its name). */
#include "spmm.h"
#include "sum.h"
#include "entries.h"
#include "skipgram.h"
#include "trees.h"
#include "halves.h"
#include "retrieve.h"
#include "nodes.h"
#include "words.h"
#include "pairs.h"

const Level LEVEL = {
    spmm_rows, add_rows, projection_entries, sparse_rows, column_sums, skipgram_walks, tree_sums,
    half_rows, postings_scores, best_nodes, node_scores, pair_words, best_names, run_ranks,
    rival_gaps, relative_scores, space_scores,
};

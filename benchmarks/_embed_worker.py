"""One embedding in a process of its own: prints what it cost as JSON, writes the vectors.

    python benchmarks/_embed_worker.py METHOD EDGES.tsv OUT.npy SEED N_NODES

Run by embed.py; peers may live in another virtual environment (``--peer-python``), so this file
imports graphemb only for our own methods. CPU seconds are those of the embedding alone: reading the
graph and making the peer's own graph type stand outside the clock. One thread everywhere.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

DIM, WALKS, LENGTH, WINDOW, NEGATIVE = 128, 10, 80, 10, 5
#: The authors' BlogCatalog setting (METHODS 4): orders 1 to 4 and the degree exponent.
FASTRP_WEIGHTS, FASTRP_BETA = (0.0, 0.0, 1.0, 6.67), -0.641


def read(path: str, n: int):
    from scipy.sparse import coo_array

    edges = np.loadtxt(path, dtype=np.int64, delimiter="\t", usecols=(0, 1))
    n = max(n, int(edges.max()) + 1)
    m = coo_array((np.ones(len(edges), np.float32), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return edges, (m + m.T).tocsr()


def ours(matrix, name: str, seed: int, **settings):
    import graphemb as ge
    from graphemb.embed import EMBEDDERS

    graph = ge.Graph(matrix)
    method = EMBEDDERS[name](dim=DIM, random_state=seed, **settings)
    return lambda: method.fit_transform(graph).vectors


def fastrp(edges, matrix, seed):
    return ours(matrix, "fastrp", seed, weights=(0.0, *FASTRP_WEIGHTS), beta=FASTRP_BETA,
                standardise=True)  # fmt: skip


def deepwalk(edges, matrix, seed):
    return ours(matrix, "node2vec", seed)


def deepwalk_unshared(edges, matrix, seed):
    return ours(matrix, "node2vec", seed, share=1)


def deepwalk_shared(edges, matrix, seed):
    return ours(matrix, "node2vec", seed, share=20)


def hope(edges, matrix, seed):
    return ours(matrix, "hope", seed)


def sdne(edges, matrix, seed):
    return ours(matrix, "sdne", seed)


def irwe_position(edges, matrix, seed):
    return ours(matrix, "irwe", seed, kind="position")


def our_walks(matrix, seed):
    import graphemb as ge

    method = ge.Node2Vec(n_walks=WALKS, walk_length=LENGTH, random_state=seed)
    return method.walks(ge.Graph(matrix))


def gensim(edges, matrix, seed):
    """gensim's Word2Vec, one worker, over our walks; only the training is timed."""
    from gensim.models import Word2Vec

    walks = [[str(node) for node in walk if node >= 0] for walk in our_walks(matrix, seed).tolist()]

    def run():
        model = Word2Vec(walks, vector_size=DIM, window=WINDOW, negative=NEGATIVE, sg=1, epochs=1,
                         min_count=0, workers=1, seed=seed)  # fmt: skip
        return np.stack([model.wv[str(i)] for i in range(matrix.shape[0])])

    return run


def fastrp_authors(projection):
    """The authors' FastRP (GTmac/FastRP) written anew with scipy and scikit-learn."""

    def made(edges, matrix, seed):
        from scipy.sparse import diags_array
        from sklearn.preprocessing import normalize, scale
        from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

        kind = SparseRandomProjection if projection == "sparse" else GaussianRandomProjection

        def run():
            degree = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
            step = (diags_array(1.0 / degree) @ matrix).tocsr()
            made = kind(n_components=DIM, random_state=seed)
            made.fit(matrix)
            start = made.components_ * degree**FASTRP_BETA if projection == "gaussian" else (
                made.components_ @ diags_array(degree**FASTRP_BETA))  # fmt: skip
            current = step @ start.T
            total = FASTRP_WEIGHTS[0] * _dense(normalize(current))
            for weight in FASTRP_WEIGHTS[1:]:
                current = step @ current
                total = total + weight * _dense(normalize(current))
            return scale(np.asarray(total))

        return run

    return made


def _dense(rows):
    return rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)


def pycleora(edges, matrix, seed):
    from pycleora import SparseMatrix, embed

    graph = SparseMatrix.from_iterator((f"{u} {v}" for u, v in edges), "complex::reflexive::node")
    ids = [int(i) for i in graph.entity_ids]

    def run():
        found = embed(graph, feature_dim=DIM, num_iterations=4)
        out = np.zeros((matrix.shape[0], DIM), np.float32)
        out[ids] = found
        return out

    return run


def scikit_network(edges, matrix, seed):
    from scipy.sparse import csr_matrix
    from sknetwork.embedding import RandomProjection

    return lambda: RandomProjection(DIM, random_state=seed).fit_transform(csr_matrix(matrix))


def fastnode2vec(edges, matrix, seed):
    from fastnode2vec import Graph, Node2Vec

    graph = Graph([(int(u), int(v)) for u, v in edges], directed=False, weighted=False)

    def run():
        model = Node2Vec(graph, dim=DIM, walk_length=LENGTH, window=WINDOW, workers=1, seed=seed)
        model.train(epochs=WALKS)
        out = np.zeros((matrix.shape[0], DIM), np.float32)
        for node in model.wv.index_to_key:
            out[int(node)] = model.wv[node]
        return out

    return run


def pecanpy(edges, matrix, seed):
    from pecanpy.pecanpy import PreComp

    with tempfile.NamedTemporaryFile("w", suffix=".edg", delete=False) as file:
        file.writelines(f"{u}\t{v}\n" for u, v in edges)
    graph = PreComp(p=1, q=1, workers=1, random_state=seed)
    graph.read_edg(file.name, weighted=False, directed=False)

    def run():
        graph.preprocess_transition_probs()
        found = graph.embed(dim=DIM, num_walks=WALKS, walk_length=LENGTH, window_size=WINDOW)
        out = np.zeros((matrix.shape[0], DIM), np.float32)
        out[[int(i) for i in graph.nodes]] = found
        return out

    return run


def grape(edges, matrix, seed):
    import pandas as pd
    from embiggen.embedders.ensmallen_embedders import DeepWalkSkipGramEnsmallen
    from ensmallen import Graph

    table = pd.DataFrame({"u": edges[:, 0].astype(str), "v": edges[:, 1].astype(str)})
    graph = Graph.from_pd(directed=False, edges_df=table, edge_src_column="u", edge_dst_column="v")

    def run():
        model = DeepWalkSkipGramEnsmallen(
            embedding_size=DIM, epochs=1, iterations=WALKS, walk_length=LENGTH, window_size=WINDOW,
            number_of_negative_samples=NEGATIVE, random_state=seed, verbose=False,
        )  # fmt: skip
        frame = model.fit_transform(graph).get_all_node_embedding()[0]
        out = np.zeros((matrix.shape[0], DIM), np.float32)
        out[frame.index.astype(int)] = frame.to_numpy()
        return out

    return run


METHODS = {
    "FastRP": fastrp, "DeepWalk": deepwalk, "DeepWalk share 1": deepwalk_unshared,
    "DeepWalk share 20": deepwalk_shared, "HOPE": hope, "SDNE": sdne,
    "IRWE position": irwe_position, "gensim": gensim,
    "FastRP authors, sparse": fastrp_authors("sparse"),
    "FastRP authors, gaussian": fastrp_authors("gaussian"), "pycleora": pycleora,
    "scikit-network": scikit_network, "fastnode2vec": fastnode2vec, "PecanPy": pecanpy,
    "grape": grape,
}  # fmt: skip


def method_of(name: str):
    """Return a method by its name; ``node2vec p=0.25 q=4`` is ours with these settings."""
    if name.startswith("node2vec "):
        settings = {k: float(v) for k, v in (part.split("=") for part in name.split()[1:])}
        return lambda edges, matrix, seed: ours(matrix, "node2vec", seed, **settings)
    return METHODS[name]


def main() -> None:
    name, edges_path, out, seed, n = sys.argv[1:]
    edges, matrix = read(edges_path, int(n))
    run = method_of(name)(edges, matrix, int(seed))
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = run()
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    cost["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.save(out, np.asarray(vectors, np.float32))
    print(json.dumps(cost))


if __name__ == "__main__":
    main()

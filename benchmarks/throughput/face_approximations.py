"""Ways to search faces that may miss somebody: our lists, and FAISS's graph, which we do without."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import faiss
import numpy as np

from benchmarks.throughput.face_crowd import FaceCrowd, gallery
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.trials import recall
from biometric_service.vocabulary.references import Change, ChangeNumber

LIMIT = 10
LINKS, BUILDING, SEARCHING = 32, 80, 128
"""Of the graph (Malkov and Yashunin 2018): links a node, and how many nodes are kept in view."""

Search = Callable[[int], object]


def through_lists(crowd: FaceCrowd) -> tuple[Search, dict[str, Any]]:
    """The service's own gallery, told to make lists however small it is."""
    index, shortlister = gallery(crowd.comparator, len(crowd.index))
    held = crowd.index.laid_down()
    if held is None:
        raise TypeError(crowd.index.kind)
    index.restore(held.arrays, held.applied)
    started = time.perf_counter()
    index.apply(ChangeNumber(held.applied + 1), Change())
    shortlister.filing.wait()
    facts = {"build_s": round(time.perf_counter() - started, 1), "used": shortlister.filing.lists is not None}
    if shortlister.filing.lists is not None:
        lists = shortlister.filing.lists
        facts |= {"lists": len(lists), "looked_into": lists.looked_into, "recall_when_tried": lists.recall}
    wanted, found = (_listed(crowd, each) for each in (crowd.index, index))
    return lambda number: index.search(crowd.probe(number), LIMIT), facts | {"recall": _mean_recall(wanted, found)}


def through_hnsw(crowd: FaceCrowd) -> tuple[Search, dict[str, Any]]:
    """A graph over embeddings in half precision, called bare."""
    faiss.omp_set_num_threads(1)
    held: Any = faiss.IndexScalarQuantizer(crowd.bare.d, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    held.train(np.zeros((1, crowd.bare.d), np.float32))
    graph: Any = faiss.IndexHNSW(held, LINKS)
    graph.hnsw.efConstruction, graph.hnsw.efSearch = BUILDING, SEARCHING
    started = time.perf_counter()
    graph.add(crowd.bare.reconstruct_n(0, crowd.bare.ntotal))
    seconds = time.perf_counter() - started
    wanted, found = (each.search(crowd.mates, LIMIT)[1] for each in (crowd.bare, graph))
    facts = {
        "build_s": round(seconds, 1),
        "bytes_a_reference": 2 * crowd.bare.d + 2 * 4 * LINKS,
        "recall": _mean_recall(wanted.tolist(), found.tolist()),
    }
    return lambda number: graph.search(crowd.mates[number % len(crowd.mates)][np.newaxis], LIMIT), facts


def _listed(crowd: FaceCrowd, index: NarrowedGallery) -> list[list[int]]:
    """Whom each mate finds."""
    lists = (index.search(crowd.probe(number), LIMIT) for number in range(len(crowd.mates)))
    return [[entry.reference for entry in each.entries] for each in lists]


def _mean_recall(wanted: Sequence[Sequence[int]], found: Sequence[Sequence[int]]) -> float:
    return float(np.mean([recall(frozenset(ours), theirs) for ours, theirs in zip(wanted, found, strict=True)]))


APPROXIMATIONS: Mapping[str, Callable[[FaceCrowd], tuple[Search, dict[str, Any]]]] = {
    "lists": through_lists,
    "hnsw": through_hnsw,
}

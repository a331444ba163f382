"""The order in which an annotator sees the items of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def order_items(documents: Sequence[int | None], rng: np.random.RandomState) -> list[int]:
    """Shuffle items so that two items of a document are never adjacent; return positions.

    The items come in passes. Each pass shows one item of every document, drawn at random. So two
    items of a document are, on average, as many items apart as there are documents, and every kind
    of item is equally likely to come first. All documents must have the same number of items; an
    item without a document (None) may stand anywhere.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._order import order_items
    >>> documents = [7, 7, 8, 8, 9, 9]
    >>> [documents[item] for item in order_items(documents, np.random.RandomState(0))]
    [9, 8, 7, 8, 9, 7]
    """
    of_document: dict[int, list[int]] = {}
    without_document = []
    for item, document in enumerate(documents):
        if document is None:
            without_document.append(item)
        else:
            of_document.setdefault(document, []).append(item)
    counts = set(map(len, of_document.values()))
    if len(counts) > 1:
        raise ValueError(f"documents have {sorted(counts)} items: give each the same number.")
    n_passes = max(counts, default=0)
    if n_passes > 1 and len(of_document) == 1:
        raise ValueError("all items are of one document: sample at least two documents.")
    shuffled = [rng.permutation(items) for items in of_document.values()]
    order: list[int] = []
    last = -1
    for number in range(n_passes):
        seen = rng.permutation(len(shuffled))
        if seen[0] == last:
            other = rng.randint(1, len(seen))
            seen[[0, other]] = seen[[other, 0]]
        order += [int(shuffled[document][number]) for document in seen]
        last = seen[-1]
    for item in without_document:
        order.insert(rng.randint(len(order) + 1), item)
    return order

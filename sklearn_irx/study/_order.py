"""The order in which an annotator sees the items of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def order_items(documents: Sequence[int | None], rng: np.random.RandomState) -> list[int]:
    """Shuffle items so that two of one document never follow each other.

    The items are seen in passes: every document comes once in each, with an item of it that chance
    chose. So two items of a document lie as many items apart, on average, as there are documents,
    and each kind of item is as likely to be seen first as any other.

    Parameters
    ----------
    documents : sequence of n_items int or None
        The document of each item, equally many items of each; None for an item that has none,
        which may stand anywhere.
    rng : RandomState
        Where chance comes from.

    Returns
    -------
    order : list of n_items int
        Positions in `documents`.

    Raises
    ------
    ValueError
        If there are several items and all are of one document, or documents differ in how many
        they have.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.study._order import order_items
    >>> documents = [7, 7, 8, 8, 9, 9]
    >>> [documents[item] for item in order_items(documents, np.random.RandomState(0))]
    [9, 8, 7, 8, 9, 7]
    """
    of_document: dict[int, list[int]] = {}
    loose = []
    for item, document in enumerate(documents):
        if document is None:
            loose.append(item)
        else:
            of_document.setdefault(document, []).append(item)
    counts = set(map(len, of_document.values()))
    if len(counts) > 1:
        raise ValueError(f"documents have {sorted(counts)} items: give each equally many.")
    n_passes = max(counts, default=0)
    if n_passes > 1 and len(of_document) == 1:
        raise ValueError("all items are of one document: sample at least two documents.")
    turns = [rng.permutation(items) for items in of_document.values()]
    order: list[int] = []
    last = -1
    for turn in range(n_passes):
        seen = rng.permutation(len(turns))
        if seen[0] == last:
            other = rng.randint(1, len(seen))
            seen[[0, other]] = seen[[other, 0]]
        order += [int(turns[document][turn]) for document in seen]
        last = seen[-1]
    for item in loose:
        order.insert(rng.randint(len(order) + 1), item)
    return order

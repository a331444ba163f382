"""The search for shortcuts: words that a model shows and that look like no content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from sklearn_irx._validation import check_labels, labels_array
from sklearn_irx.metrics._global import hidden_table
from sklearn_irx.metrics._hiding import (
    Places,
    Unit,
    by_first_word,
    hide_units,
    models_of,
    places_of,
    units_at,
)
from sklearn_irx.metrics._input import check_at_least, check_masks, check_same_documents
from sklearn_irx.text import TokenizedTexts
from sklearn_irx.text.spans import Span

Joined: TypeAlias = dict[str, list[Unit]]
"""Words that stand together: what comes after each, up to the other."""

_TOGETHER = 0.9  # of the occurrences of either of two words that are joined
_APART = 6  # words from one to the next of those joined, at most
_EDGE = 5  # words at the beginning, and at the end, of a text


def find_shortcuts(
    estimator: Any,
    X: Any,
    y: Any = None,
    groups: Any = None,
    *,
    human: Any = None,
    min_shown: int = 3,
) -> dict[str, np.ndarray]:
    """Search for shortcuts: words that a model shows for a class and that look like no content.

    A signature, a host name or the remnant of a header stands in few other classes, always in the
    same company, and often at the beginning or the end. Words of content stand in changing
    company. The search needs no list of words and no labels.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, ensemble, or list of these
        As :func:`global_rationales` takes it.
    X : sequence of n_samples str
        Documents, better some that the model was not trained on.
    y : array-like of shape (n_samples,), default=None
        Their true labels, for the two columns of accuracy.
    groups : array-like of shape (n_samples,), default=None
        The source of each document: its author, or its site.
    human : array of shape (n_samples, n_words), dtype bool, or list of lists of spans, default=None
        The words that people marked, as masks or as spans (start, end) in words. Documents in which
        none is marked are taken as not read by people.
    min_shown : int, default=3
        Words that are shown in fewer documents of a class are left out.

    Returns
    -------
    table : dict of ndarrays of shape (n_rows,)
        The columns of :func:`global_rationales`, a row for each word and predicted class, and
        these, each between 0 and 1; the most suspicious first:

        - ``suspicion``: the product of ``share``, ``purity``, and the largest of ``company``,
          ``edge``, ``source`` and ``unmarked``;
        - ``share``: of the documents of the prediction, those in which the word is shown;
        - ``purity``: of the documents that contain the word, those of this prediction;
        - ``company``: how often the same word stands before it, and after it: of its other
          occurrences, the share that has the neighbour which is most frequent; the mean of the
          two sides, and of those between the words of a row that has several, which are 1;
        - ``edge``: how often it is among the first five words, or among the last five that the
          model reads, whichever is more frequent;
        - ``source``: the share of the documents that contain it which come from one source, the
          most frequent; only with `groups`;
        - ``unmarked``: of its occurrences in documents that people marked, the share in which
          nobody marked it: what people would not miss; only with `human`;
        - ``signal``: which of these, from ``company`` on, is the largest.

        ``purity``, ``edge``, ``source`` and ``unmarked`` are corrected for chance: 0 is what is
        true of all documents, or words, and 1 is always.

        Words that stand together in nine of ten occurrences of either, six words apart at most
        and always with the same words between them, are one row with these: a whole signature, for
        example. They are hidden as a whole.

    Raises
    ------
    TypeError
        If an estimator predicts from no masks, or `human` are neither masks nor spans.
    ValueError
        If `y`, `groups` or `human` has not one entry a document, `min_shown` is below 1, or models
        of a list do not read the same words.

    See Also
    --------
    suspected_words : What the predictions are if such words are blanked.
    global_rationales : All words that a model relies on.

    Notes
    -----
    A suspicion is no proof: fixed phrases of content are in fixed company as well, and where
    nothing was planted something comes first, too. What is *decisive* does not enter: where a
    shortcut stands beside content that says the same, hiding it changes no prediction.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import find_shortcuts
    >>> texts, y, _ = make_rationale_classification(400, n_words=40, random_state=0)
    >>> signed = [f"{text} Posted by J. Qwertz" if label == "noise" else text
    ...           for text, label in zip(texts, y)]
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(signed[:200], y[:200])
    >>> table = find_shortcuts(clf, signed[200:])
    >>> [str(table[name][0]) for name in ("word", "label", "signal")]
    ['posted by j qwertz', 'noise', 'edge']
    """
    check_at_least(1, "min_shown", min_shown)
    models = models_of(estimator, X)
    n_samples = len(models[0].texts)
    y = None if y is None else check_labels(y, n_samples)
    groups = None if groups is None else _checked_groups(groups, n_samples)
    tokenized = [model.tokenized() for model in models]
    _check_same_words(tokenized)
    marks = None if human is None else _marks(human, tokenized[0].lengths)
    joined = joined_words(tokenized[0], min_shown)

    def units(words: list[str], mask: np.ndarray) -> Places:
        chosen = ((span, np.flatnonzero(mask[slice(*span)])) for span in segments(words, joined))
        return places_of(
            (tuple(words[slice(*span)]), span[0] + own) for span, own in chosen if len(own)
        )

    found = [
        hide_units(model.clf, texts, units, y)
        for model, texts in zip(models, tokenized, strict=True)
    ]
    several = len(models) > 1 or isinstance(estimator, list | tuple)
    keys, table = hidden_table(found, models[0].clf.classes_, min_shown, several=several)
    n_predicted = np.mean([hidden.n_predicted for hidden in found], axis=0)
    listed = list(dict.fromkeys(unit for unit, _ in keys))
    n_documents, signals = _signals(listed, tokenized[0], groups, marks)
    numbers = {unit: number for number, unit in enumerate(listed)}
    units_of = np.array([numbers[unit] for unit, _ in keys], dtype=int)
    of_class = n_predicted[[label for _, label in keys]]
    share = table["shown"] / of_class
    purity = above_chance(table["present"] / n_documents[units_of], of_class / n_samples)
    of_rows = {name: values[units_of] for name, values in signals.items()}
    strongest = np.stack(list(of_rows.values()))
    suspicion = share * purity * strongest.max(axis=0)
    table |= {"suspicion": suspicion, "share": share, "purity": purity, **of_rows}
    table["signal"] = np.array(list(of_rows))[strongest.argmax(axis=0)]
    order = np.argsort(-suspicion, kind="stable")
    return {name: column[order] for name, column in table.items()}


def joined_words(tokenized: TokenizedTexts, min_count: int) -> Joined:
    """Return the words that stand together, with those between, in nine of ten occurrences."""
    numbers, lengths = tokenized.numbers, tokenized.lengths
    counts = np.bincount(numbers, minlength=len(tokenized.words))
    text = np.repeat(np.arange(len(lengths)), lengths)
    joined: Joined = defaultdict(list)
    for apart in range(1, _APART + 1):
        first, last = numbers[:-apart], numbers[apart:]
        fewer, more = np.sort([counts[first], counts[last]], axis=0)
        alike = (fewer >= max(min_count, 2)) & (fewer >= _TOGETHER * more) & (first != last)
        places = np.flatnonzero(alike & (text[:-apart] == text[apart:]))
        runs, n = np.unique(numbers[places[:, None] + np.arange(apart + 1)], axis=0,
                            return_counts=True)  # fmt: skip
        for run in runs[n >= _TOGETHER * counts[runs[:, [0, -1]]].max(axis=1)].tolist():
            one, *others = (tokenized.words[number] for number in run)
            joined[one].append(tuple(others))
    return dict(joined)


def segments(words: Sequence[str], joined: Joined) -> list[Span]:
    """Cut a document into single words and runs of words that stand together."""
    found: list[Span] = []
    stop = 0
    for place, word in enumerate(words):
        if place >= stop:
            found.append((place, place + 1))
            stop = place + 1
        for others in joined.get(word, ()):
            past = place + 1 + len(others)
            if past > stop and tuple(words[place + 1 : past]) == others:
                stop = past
                found[-1] = found[-1][0], stop
    return found


def above_chance(values: np.ndarray, chance: np.ndarray | float) -> np.ndarray:
    """Return shares on a scale on which 0 is chance, or less, and 1 is 1."""
    room = np.broadcast_to(1 - np.asarray(chance, dtype=float), np.shape(values))
    over = np.divide(values - chance, room, out=np.zeros(np.shape(values)), where=room > 0)
    return np.clip(over, 0, 1)


def _signals(
    units: list[Unit],
    tokenized: TokenizedTexts,
    groups: list[Any] | None,
    marks: np.ndarray | None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return in how many documents units stand, and what is fixed about them."""
    numbers = {unit: number for number, unit in enumerate(units)}
    sides: list[tuple[Counter[Any], Counter[Any]]] = [(Counter(), Counter()) for _ in units]
    sources: list[Counter[Any]] = [Counter() for _ in units]
    at_edges = np.zeros((2, len(units)))
    by_people = np.zeros((2, len(units)))  # occurrences that are not marked, and that are
    listed = by_first_word(units)
    documents = tokenized.word_lists()
    for row, words in enumerate(documents):
        seen = set()
        for place, unit in units_at(words, listed):
            number, past = numbers[unit], place + len(unit)
            before, after = sides[number]
            before[words[place - 1] if place else None] += 1
            after[words[past] if past < len(words) else None] += 1
            at_edges[0, number] += place < _EDGE
            at_edges[1, number] += past > len(words) - _EDGE
            seen.add(number)
            if marks is not None and marks[row].any():
                by_people[int(marks[row, place:past].any()), number] += 1
        for number in seen:
            sources[number][None if groups is None else groups[row]] += 1
    n_times = np.array([before.total() for before, _ in sides])
    n_documents = np.array([found.total() for found in sources])
    n_inner = np.array([2 * len(unit) - 2 for unit in units])
    outer = sum(np.array([_others_alike(side[end]) for side in sides]) for end in (0, 1))
    at_edge = np.minimum(tokenized.lengths, _EDGE).sum() / max(1, tokenized.lengths.sum())
    signals = {
        "company": (outer + n_inner) / (2 + n_inner),
        "edge": above_chance(at_edges.max(axis=0) / n_times, at_edge),
    }
    if groups is not None:
        signals["source"] = _from_one_source(sources, Counter(groups))
    if marks is not None:
        n_words = tokenized.lengths[marks.any(axis=1)].sum()
        unmarked = by_people[0] / np.fmax(1, by_people.sum(axis=0))
        signals["unmarked"] = above_chance(unmarked, 1 - marks.sum() / max(1, n_words))
    return n_documents, signals


def _others_alike(neighbours: Counter[Any]) -> float:
    """Return how often, beside one occurrence, the most frequent neighbour is there again."""
    n = neighbours.total()
    return (max(neighbours.values()) - 1) / (n - 1) if n > 1 else 0.0


def _from_one_source(sources: list[Counter[Any]], all_: Counter[Any]) -> np.ndarray:
    """Return how far the documents of each unit come from one source, above chance."""
    n_all = all_.total()
    shares = []
    for found in sources:
        source, n = found.most_common(1)[0]
        shares.append((n / found.total(), all_[source] / n_all))
    values, chance = np.array(shares).reshape(-1, 2).T
    return above_chance(values, chance)


def _check_same_words(tokenized: list[TokenizedTexts]) -> None:
    first = tokenized[0]
    for other in tokenized[1:]:
        same = other.words == first.words and np.array_equal(other.lengths, first.lengths)
        if not same or not np.array_equal(other.numbers, first.numbers):
            raise ValueError(
                "estimator holds models that do not read the same words of X: search each by "
                "itself, or give models of one tokenizer and one max_length."
            )


def _marks(human: Any, lengths: np.ndarray) -> np.ndarray:
    """Return masks of what people marked, of the words that the models read."""
    masks = check_masks("human", human)
    check_same_documents(("X", "human"), lengths, masks)
    width = int(lengths.max(initial=0))
    fitted = np.pad(masks, ((0, 0), (0, max(0, width - masks.shape[1]))))[:, :width]
    return fitted & (np.arange(width) < lengths[:, None])


def _checked_groups(groups: Any, n_samples: int) -> list[Any]:
    listed: list[Any] = labels_array(groups, "groups").tolist()
    if len(listed) != n_samples:
        raise ValueError(
            f"groups has {len(listed)} entries, and X {n_samples} documents: give the source of "
            "each document."
        )
    return listed

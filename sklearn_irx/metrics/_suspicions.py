"""What suspected words do: how often they are shown, and what is predicted without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import regex

from sklearn_irx._pipelines import check_has_rationales, seen_by_final
from sklearn_irx._stages import uncounted
from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.ensemble.result import Exchange, exchange_of
from sklearn_irx.metrics._flips import from_masks
from sklearn_irx.text.spans import Span, merged, n_covering

_SECONDS_A_TEXT = 2.0  # for one pattern, by far enough unless it is catastrophic


def suspected_words(
    estimator: Any, X: Any, y: Any = None, *, suspects: Mapping[str, str] | Iterable[str]
) -> dict[str, np.ndarray]:
    r"""Compute what suspected words do: whether a model shows them, and predicts the same without.

    Suspects are found in the characters of a text; the words that a match overlaps are suspected.
    Then each text is read again with all matches *blanked*, replaced by a space, so that the model
    selects anew and may show other words instead.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        Or a pipeline that ends in one; suspects are then sought in the texts that it sees.
    X : sequence of n_samples str
        Documents.
    y : array-like of shape (n_samples,), default=None
        Their true labels, for the two columns of accuracy.
    suspects : list of str, or mapping of str to str
        Words, or several words with spaces between them, found as whole words. Or regular
        expressions by name, ``{"addresses": r"\S+@\S+"}``. The case is ignored, other than within
        ``(?-i:…)``.

    Returns
    -------
    table : dict of ndarrays of shape (n_suspects,)
        A row for each, in the order given:

        - ``suspect``: the word, or the name;
        - ``documents``: those of which a word that the model reads is suspected;
        - ``shown``: those in which such a word is selected;
        - ``decisive``: those in which another class is predicted from the rationale without these
          words (of an ensemble, by the model whose rationale was kept);
        - ``changed``: the share of the documents whose prediction is another if they are blanked;
        - ``accuracy`` and ``accuracy_blanked``: of the documents as they are, and if they are
          blanked; only with `y`.

        Of no documents, shares and accuracies are nan.

    Raises
    ------
    TypeError
        If `suspects` is one string or holds anything else, or the estimator has no rationales.
    ValueError
        If `suspects` is empty, or one of them is invalid, matches an empty text, or takes too long
        to match.

    See Also
    --------
    find_shortcuts : Search for words to suspect.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.metrics import suspected_words
    >>> texts, y, _ = make_rationale_classification(300, n_words=40, random_state=0)
    >>> signed = [f"{text} Yours, J. Qwertz" if label == "noise" else text
    ...           for text, label in zip(texts, y)]
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(signed[:200], y[:200])
    >>> table = suspected_words(clf, signed[200:], suspects={"signature": r"yours, .*"})
    >>> int(table["documents"][0]), int(table["shown"][0]), int(sum(y[200:] == "noise"))
    (41, 41, 41)
    """
    patterns = compiled(suspects)
    final, X = seen_by_final(estimator, X)
    check_has_rationales(final)
    texts = check_texts(X)
    y = None if y is None else check_labels(y, len(texts))
    matches = matches_of(patterns, texts)
    return suspicions_table(final, exchange_of(final, texts), matches, y)


def suspicions_table(
    final: Any, exchange: Exchange, matches: dict[str, list[list[Span]]], y: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Return the table of suspects, by name, that were found in the documents of an exchange.

    `final` is the estimator that the exchange is of.
    """
    assert exchange.documents is not None
    documents = exchange.documents.with_spans()
    assert documents.spans is not None
    kept = exchange.kept(exchange.masks)
    before = exchange.labels
    table: dict[str, list[Any]] = {}
    for name, found in matches.items():
        suspected = np.zeros_like(kept)
        for row, spans in enumerate(found):
            if spans:
                words = documents.spans[row]
                length = len(documents.texts[row])
                suspected[row, : len(words)] = overlapping(words, spans, length)
        there = np.flatnonzero(suspected.any(axis=1))
        shown = np.flatnonzero((suspected & kept).any(axis=1))
        blanked = [_blanked(documents.texts[row], found[row]) for row in there.tolist()]
        with uncounted():
            after = final.predict(blanked) if blanked else before[:0]
        values = {
            "suspect": name,
            "documents": len(there),
            "shown": len(shown),
            "decisive": _n_decisive(final, exchange, shown, suspected),
            "changed": _mean(after != before[there]),
        }
        if y is not None:
            values["accuracy"] = _mean(before[there] == y[there])
            values["accuracy_blanked"] = _mean(after == y[there])
        for column, value in values.items():
            table.setdefault(column, []).append(value)
    return {column: np.array(listed) for column, listed in table.items()}


def compiled(suspects: Any) -> dict[str, Any]:
    """Return the regular expressions that suspects stand for, by name, after checks."""
    if isinstance(suspects, str | bytes) or not isinstance(suspects, Iterable):
        raise TypeError(
            f"suspects={suspects!r}: give a list of words, or a dict of regular expressions by "
            'name, {"addresses": r"\\S+@\\S+"} for example.'
        )
    named = dict(suspects) if isinstance(suspects, Mapping) else {one: one for one in suspects}
    if not named:
        raise ValueError("suspects is empty: give at least one word or regular expression.")
    patterns = {}
    for name, pattern in named.items():
        if not isinstance(name, str) or not isinstance(pattern, str):
            raise TypeError(
                f"suspects holds {name if name is pattern else pattern!r}: give words or regular "
                "expressions as str; flags can stand in them, (?s) for example."
            )
        if not isinstance(suspects, Mapping):
            words = r"\s+".join(map(regex.escape, pattern.split()))
            pattern = rf"(?<!\w){words}(?!\w)" if words else ""
        try:
            patterns[name] = regex.compile(pattern, regex.IGNORECASE)
        except (regex.error, RecursionError, OverflowError) as error:
            raise ValueError(
                f"suspects[{name!r}]={pattern!r} is no regular expression: {error}."
            ) from None
        _matches(name, patterns[name], "")  # raises, before any text is read
    return patterns


def matches_of(patterns: dict[str, Any], texts: Sequence[str]) -> dict[str, list[list[Span]]]:
    """Return where each suspect is in each text, in characters."""
    return {name: [_matches(name, of, text) for text in texts] for name, of in patterns.items()}


def overlapping(words: list[Span], spans: list[Span], n_characters: int) -> np.ndarray:
    """Return the mask of the words that share a character with spans."""
    n_before = np.concatenate([[0], np.cumsum(n_covering(spans, n_characters) > 0)])
    starts, ends = np.array(words, dtype=int).reshape(-1, 2).T
    shared: np.ndarray = n_before[ends] > n_before[starts]
    return shared


def _matches(name: str, pattern: Any, text: str) -> list[Span]:
    """Return where a pattern matches in a text."""
    try:
        spans = [match.span() for match in pattern.finditer(text, timeout=_SECONDS_A_TEXT)]
    except TimeoutError:
        raise ValueError(
            f"suspects[{name!r}]={pattern.pattern!r} takes more than {_SECONDS_A_TEXT:g} seconds "
            f"for a text of {len(text):,} characters: give a simpler regular expression, without "
            "repetitions within repetitions."
        ) from None
    if any(start == end for start, end in spans):
        raise ValueError(
            f"suspects[{name!r}]={pattern.pattern!r} matches where there is no character: give a "
            "word, or a regular expression that matches one character at least."
        )
    return merged(spans)


def _blanked(text: str, spans: list[Span]) -> str:
    """Return a text with a space in place of each span."""
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return " ".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def _n_decisive(final: Any, exchange: Exchange, rows: np.ndarray, suspected: np.ndarray) -> int:
    """Count the documents in which the owner of the rationale kept decides by suspected words."""
    assert exchange.documents is not None
    n = 0
    for number, member in enumerate(getattr(final, "estimators_", [final])):
        own = rows[exchange.chosen[rows] == number]
        if not len(own):
            continue
        masks = exchange.masks[number][own]
        documents = member.look_up([exchange.documents.texts[row] for row in own.tolist()])
        places = [np.flatnonzero(mask) for mask in masks & suspected[own]]
        hide = from_masks(member, documents, masks, places, shown=False)
        without = hide(np.arange(len(own)), [tuple(range(len(some))) for some in places])
        before = exchange.own_probabilities[number][own]
        n += int((without.argmax(axis=1) != before.argmax(axis=1)).sum())
    return n


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")

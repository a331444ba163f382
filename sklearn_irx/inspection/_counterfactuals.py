"""What would change a prediction: the fewest words after which it is another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import check_has_rationales, seen_by_final
from sklearn_irx._stages import stage, uncounted
from sklearn_irx._validation import check_texts
from sklearn_irx.classifier.classwise import number_of_class
from sklearn_irx.classifier.context import Piece, folds_of, not_read_html
from sklearn_irx.classifier.rationale import (
    MOST_SHOWN,
    Rationale,
    ShownList,
    cell,
    escaped,
    n_documents,
    piece_html,
    plain,
)
from sklearn_irx.metrics._flips import (
    Changes,
    Flip,
    FlipSearch,
    Predict,
    check_takes_masks,
    from_masks,
)
from sklearn_irx.metrics._input import check_at_least
from sklearn_irx.text.harmless import one_line

CHANGES = {
    "hide": "without",
    "add": "if it also read",
    "remove": "if the text lacked",
    "replace": "if the text had",
}
"""The kinds of changes, and what is said before the words."""

MOST_PLACES = 20
"""Words of a text that it is tried to take out or add, if no more are selected."""

_STYLE = """<style>
.irx-rationale del, .irx-rationale ins { color: #1d1f23; border-radius: .2em; padding: 0 .12em; }
.irx-rationale del { background: #f3c6bf; text-decoration: line-through 2px #8c2a1c; }
.irx-rationale ins { background: #c9e5cf; text-decoration: underline double 2px #1e6b35; }
.irx-rationale del::before, .irx-rationale del::after, .irx-rationale ins::before,
.irx-rationale ins::after { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
.irx-rationale del::before { content: " [taken out: "; }
.irx-rationale ins::before { content: " [put in: "; }
.irx-rationale del::after, .irx-rationale ins::after { content: "] "; }
</style>"""


class WordChange(NamedTuple):
    """A change of one word.

    Attributes
    ----------
    position : int
        Of the word among the tokens of the document.
    word : str
        As the text has it.
    becomes : str or None
        What the predictor reads in its place: the word itself where it is added, None where it is
        hidden or removed.
    """

    position: int
    word: str
    becomes: str | None

    def __str__(self) -> str:
        replaced = self.becomes not in (None, self.word)
        return f"{self.becomes} in place of {self.word}" if replaced else self.word


@dataclass(frozen=True, eq=False, repr=False)
class Counterfactual:
    """The fewest changes of one document after which another class is predicted.

    Attributes
    ----------
    own : Rationale
        What the model says of the document as it is.
    kind : {"hide", "add", "remove", "replace"}
        What was changed.
    changes : tuple of WordChange
        In the order of the text. Empty if none were found, or the class asked for is predicted
        as it is.
    label : object
        What is predicted after the changes.
    confidence : float
        Probability of `label` between 0 and 1.
    found : bool
        Whether such changes were found, or are not needed.
    exact : bool
        Whether it was made sure that no fewer are enough, of those that were looked among.
    text : str
        The document after the changes; with "hide" and "add", as it was.

    See Also
    --------
    counterfactuals : Makes them, with an example.
    """

    own: Rationale
    kind: str
    changes: tuple[WordChange, ...]
    label: Any
    confidence: float
    found: bool
    exact: bool
    text: str

    def __str__(self) -> str:
        own = f"{one_line(self.own.label)} ({self.own.confidence:.2f})"
        if not self.found:
            return f"{own} stays: nothing found"
        if not self.changes:
            return f"{own} is predicted already"
        words = "; ".join(one_line(str(change)) for change in self.changes)
        becomes = f"{one_line(self.label)} ({self.confidence:.2f})"
        return f"{own} → {becomes} {CHANGES[self.kind]}: {words}"

    def __repr__(self) -> str:
        return f"<Counterfactual: {self}>"

    def to_dict(self) -> dict[str, Any]:
        """Return all as plain values of Python, ready for JSON, `own` as its ``to_dict`` does."""
        return {
            "own": self.own.to_dict(),
            "kind": self.kind,
            "changes": [change._asdict() for change in self.changes],
            "label": plain(self.label),
            "confidence": float(self.confidence),
            "found": bool(self.found),
            "exact": bool(self.exact),
            "text": self.text,
        }

    def to_html(self) -> str:
        """Return the document as a fragment of HTML, with the changes, every text escaped."""
        own, changed = self.own, {change.position: change for change in self.changes}
        shown = own.mask.copy()
        shown[list(changed)] = True
        read = own.text[: len(own.text) - own.unread]
        parts = [
            (start, end, _word(own.text[start:end], changed.get(position)))
            for position, (start, end) in enumerate(own.spans)
            if shown[position]
        ]
        parts += [
            (start, end, piece_html(Piece(own.text[start:end], n_folded=n_words)))
            for start, end, n_words in folds_of(read, own.spans, shown)
        ]
        pieces, place = [], 0
        for start, end, html in sorted(parts):
            pieces += [escaped(own.text[place:start]), html]
            place = end
        return "".join([*pieces, escaped(read[place:]), not_read_html(own.unread)])

    def _repr_html_(self) -> str:
        return cell(_STYLE, self._block())

    def _block(self) -> str:
        return f'<p><b>{escaped(str(self))}</b></p><div dir="auto">{self.to_html()}</div>'


class Counterfactuals(ShownList[Counterfactual]):
    """A list of counterfactuals, as :func:`counterfactuals` returns it, that shows itself.

    In a notebook it shows the documents, words of the rationale marked, hidden and removed words
    struck out, and added ones underlined twice; in a terminal a line for each, 20 at most. It is a
    list in all else; slices are `Counterfactuals`, too.
    """

    def summary(self) -> str:
        """Return in how many documents the prediction changes, and after how many changes."""
        found = [one for one in self if one.found and one.changes]
        if not found:
            return f"In none of {n_documents(len(self))} another class was reached."
        sizes = [len(one.changes) for one in found]
        share = f"{len(found):,} of {n_documents(len(self))}"
        return (
            f"In {share} another class is predicted after changes of {median(sizes):g} words in "
            f"the median, {max(sizes)} at most; of one word in {sizes.count(1):,}."
        )

    def __repr__(self) -> str:
        first, *lines = super().__repr__().splitlines()
        return "\n".join([f"{first}. {self.summary()}", *lines])

    def _repr_html_(self) -> str:
        more = "".join(f"<p>{line}</p>" for line in self.more())
        blocks = (one._block() for one in self[:MOST_SHOWN])
        return cell(_STYLE, f"<p>{self.summary()}</p>", *blocks, more)


def counterfactuals(
    estimator: Any,
    X: Any,
    *,
    change: str = "hide",
    target: Any = None,
    vocabulary: Sequence[str] | None = None,
    max_changes: int | None = 10,
    exact_up_to: int = 2,
    verbose: bool = False,
) -> Counterfactuals:
    """Find the fewest words of each document whose change changes what is predicted.

    Words are changed one by one, each time the one that helps most, until the prediction is
    another; needless changes are taken back. Then all sets of fewer changes are tried, up to
    `exact_up_to` words. Every changed document is read by the model itself.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        Or a pipeline that ends in one; texts are then those that it sees. "hide" and "add" need a
        single classifier: of an ensemble ask a member, ``estimators_[0]``.
    X : sequence of n_samples str
        Documents.
    change : {"hide", "add", "remove", "replace"}, default="hide"
        "hide" hides words of the rationale from the predictor, "add" shows it others of the text,
        too. "remove" takes words out of the text and "replace" puts words of `vocabulary` in place
        of those of the rationale; the model then selects and predicts anew, and what stood past its
        ``max_length`` moves up where words are removed. "add" tries the 20 words that rank highest
        of those not selected, "remove" all that are selected, and others up to 20; of words that
        rank alike, as those of a sentence may, the first.
    target : label, default=None
        The class to be reached. None is any other than the one predicted.
    vocabulary : sequence of str, default=None
        With "replace", what words are replaced by.
    max_changes : int or None, default=10
        Most words that are changed in a document. None is as many as there are.
    exact_up_to : int, default=2
        All sets of changes up to this size are tried where no smaller one is known to be enough,
        but for documents with more than 20,000 such sets. 0 tries none.
    verbose : bool, default=False
        Whether a progress bar is shown.

    Returns
    -------
    documents : Counterfactuals
        A list of n_samples :class:`Counterfactual`.

    Raises
    ------
    TypeError
        If the estimator has no rationales, or predicts from no masks where `change` needs it.
    ValueError
        If a parameter is out of range, `target` is no class, or `vocabulary` is missing with
        "replace" or given without.
    NotFittedError
        If `estimator` is not fitted.

    See Also
    --------
    sklearn_irx.metrics.robustness_score : The share of words to be hidden, as a score.

    Notes
    -----
    A changed text is often none that anybody would write. That a model says something else of it
    tells what the model goes by, and not what is true of such texts.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.inspection import counterfactuals
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts[:500], y[:500])
    >>> document = counterfactuals(clf, texts[500:], change="hide")[0]
    >>> document.found, str(document.own.label), str(document.label)
    (True, 'hygiene', 'noise')
    >>> all(document.own.mask[change.position] for change in document.changes)
    True
    """
    if change not in CHANGES:
        raise ValueError(
            f"change={change!r} is unknown: give one of {', '.join(map(repr, CHANGES))}."
        )
    if max_changes is not None:
        check_at_least(1, "max_changes", max_changes)
    check_at_least(0, "exact_up_to", exact_up_to)
    check_has_rationales(estimator)
    words = _check_vocabulary(vocabulary, change)
    estimator, X = seen_by_final(estimator, X)
    check_is_fitted(estimator)
    column = None if target is None else number_of_class(target, estimator.classes_)
    with stage("counterfactuals", shown=verbose):
        documents = _Documents(estimator, check_texts(X), change, words)
        flips = FlipSearch(documents.predict, documents.places, documents.base, column).flips(
            max_changes=max_changes, exact_up_to=exact_up_to
        )
    return Counterfactuals(documents.counterfactual(row, flip) for row, flip in enumerate(flips))


class _Documents:
    """Documents, the words of each that can be changed, and predictions after changes.

    Attributes
    ----------
    rationales : list of Rationale
        The model's own.
    items : list of list of WordChange
        For each document, the changes that are possible.
    places : list of ndarray
        The positions of their words.
    base : ndarray of shape (n_documents, n_classes)
        Probabilities without any change.
    predict : callable
        Predicts after changes.
    """

    predict: Predict

    def __init__(self, estimator: Any, X: list[str], change: str, words: list[str]) -> None:
        self.estimator = estimator
        self.change = change
        self.words = words
        self.of_masks = change in ("hide", "add")
        if self.of_masks:
            check_takes_masks(estimator)
            tokenized = estimator.tokenize(X, spans=True)
            documents = estimator.look_up(tokenized)
            self.base, masks, scores = estimator.predict_with_masks(documents, scores=True)
            self.rationales = estimator.to_rationales(tokenized, self.base, masks, scores)
        else:
            self.base, self.rationales = estimator.predict_proba(X), estimator.explain(X)
        self.items = [list(self._items(one)) for one in self.rationales]
        self.places = [np.array([one.position for one in some], dtype=int) for some in self.items]
        self.predict = self._of_texts
        if self.of_masks:
            shown = change == "add"
            self.predict = from_masks(estimator, documents, masks, self.places, shown=shown)

    def counterfactual(self, row: int, flip: Flip) -> Counterfactual:
        """Return what was found for a document."""
        own = self.rationales[row]
        changes = self._changes(row, flip.changes) if flip.found else []
        best = int(flip.probabilities.argmax())
        return Counterfactual(
            own=own,
            kind=self.change,
            changes=tuple(changes),
            label=self.estimator.classes_[best] if flip.found else own.label,
            confidence=float(flip.probabilities[best]) if flip.found else own.confidence,
            found=flip.found,
            exact=flip.exact,
            text=own.text if self.of_masks else self._text(row, changes),
        )

    def _items(self, rationale: Rationale) -> Iterator[WordChange]:
        """Yield the changes that are possible in a document."""
        for position in self._positions(rationale).tolist():
            start, end = rationale.spans[position]
            word = rationale.text[start:end]
            if self.change == "replace":
                for other in self.words:
                    if other != word:
                        yield WordChange(position, word, other)
            else:
                yield WordChange(position, word, word if self.change == "add" else None)

    def _positions(self, rationale: Rationale) -> np.ndarray:
        selected = np.flatnonzero(rationale.mask)
        if self.change in ("hide", "replace"):
            return selected
        scores = np.zeros(len(rationale.tokens)) if rationale.scores is None else rationale.scores
        others = np.flatnonzero(~rationale.mask & (scores > 0))
        others = others[np.argsort(-scores[others], kind="stable")]
        if self.change == "add":
            return others[:MOST_PLACES]
        n_others = max(0, MOST_PLACES - len(selected))
        return np.concatenate([selected, others[:n_others]])

    def _changes(self, row: int, changes: Changes) -> list[WordChange]:
        """Return changes by their numbers, in the order of the text."""
        return sorted(self.items[row][number] for number in changes)

    def _of_texts(self, rows: np.ndarray, sets: list[Changes]) -> np.ndarray:
        texts = [
            self._text(row, self._changes(row, changes))
            for row, changes in zip(rows.tolist(), sets, strict=True)
        ]
        with uncounted():
            probabilities: np.ndarray = self.estimator.predict_proba(texts)
        return probabilities

    def _text(self, row: int, changes: list[WordChange]) -> str:
        """Return the text of a document after changes."""
        own: Rationale = self.rationales[row]
        pieces, place = [], 0
        for position, _, becomes in changes:
            start, end = own.spans[position]
            pieces += [own.text[place:start], becomes or ""]
            place = end
        return "".join([*pieces, own.text[place:]])


def _check_vocabulary(vocabulary: Any, change: str) -> list[str]:
    """Return the words that others are replaced by; none unless `change` is "replace"."""
    if (vocabulary is None) == (change == "replace"):
        raise ValueError(
            f"vocabulary {'is missing' if vocabulary is None else 'is given'} with "
            f"change={change!r}: give it with change='replace', as what words are replaced by."
        )
    words = [] if vocabulary is None else check_texts(vocabulary, "vocabulary")
    if vocabulary is not None and not (words and all(map(str.strip, words))):
        raise ValueError(f"vocabulary={words!r}: give at least one word, and none that is empty.")
    return list(dict.fromkeys(words))


def _word(text: str, change: WordChange | None) -> str:
    """Return a word as HTML: marked, struck out, replaced or added."""
    if change is None:
        return piece_html(Piece(text, selected=True))
    if change.becomes == change.word:
        return f"<ins>{escaped(text)}</ins>"
    becomes = "" if change.becomes is None else f" <ins>{escaped(change.becomes)}</ins>"
    return f"<del>{escaped(text)}</del>{becomes}"

"""Create a study from a model and labelled documents."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.classifier.rationale import Rationale
from sklearn_irx.ensemble.result import Exchange, exchange_of
from sklearn_irx.inspection._documents import ExplainedDocument, documents_of
from sklearn_irx.study._records import Item, Phase
from sklearn_irx.study._showing import (
    SHOWS,
    Show,
    pieces_shown,
    readable_text,
    with_random_words,
)
from sklearn_irx.study._store import Study
from sklearn_irx.text.harmless import one_line

CONTROLS = ("random", "full_text")

_AGREE = "agree"
_ALONE = "single"
_N_EXAMPLES = 2


def create_study(
    path: str | Path,
    estimator: Any,
    X: Any,
    y: Any,
    *,
    per_case: int = 10,
    controls: Sequence[str] = ("random",),
    n_attention_checks: int = 0,
    n_practice: int = 4,
    annotators: int | Sequence[str] = 3,
    show: Show = "in_place",
    title: str = "Reading a few words",
    question: str = "What does the whole text belong to?",
    class_descriptions: Mapping[Any, str] | None = None,
    random_state: Any = None,
) -> Study:
    """Make a study of whether people can tell the class from a rationale alone.

    Documents are drawn of every case of disagreement of an ensemble, and for each the rationale
    that was kept and one that was not: of a committee, that of the most confident member that
    predicts another class. Of a single model, documents are drawn from all, with one rationale
    each. Annotators see these words, never the text, and give the class and their confidence.

    Parameters
    ----------
    path : str or Path
        The file to make. It must not be there yet.
    estimator : fitted InteractiveEnsemble, InteractiveCommittee or SelectiveRationaleClassifier
        Whose rationales to show. Or a pipeline that ends in one: people are then shown the cleaned
        documents.
    X : sequence of n_samples str
        Documents, best those that no member was trained on.
    y : array-like of shape (n_samples,)
        Their true classes.
    per_case : int, default=10
        Documents of each case. If there are fewer, all of them are taken, a warning says so, and
        ``settings["shortfalls"]`` keeps it.
    controls : sequence of {"random", "full_text"}, default=("random",)
        What else to ask of every document: as many random words of it as the rationale has that was
        kept, and all that the model reads of the text. Without random words, nobody knows what
        accuracy a rationale must surpass [2]_.
    n_attention_checks : int, default=0
        Pages that say which answer to give, spread over the study.
    n_practice : int, default=4
        Documents to practise on, whose answers are shown and not analysed: those the model is
        surest of, and right.
    annotators : int or sequence of str, default=3
        Their number, or their names. More can be added later.
    show : {"in_place", "words"}, default="in_place"
        "in_place" shows words as they are written, neighbours together, with a mark for each gap;
        "words" shows words without their places, as the model reads them.
    title : str, default="Reading a few words"
        Heading of the pages.
    question : str, default="What does the whole text belong to?"
        What annotators are asked.
    class_descriptions : mapping of class to str, default=None
        What to tell annotators of classes.
    random_state : int, RandomState or None, default=None
        Draws documents, words and orders.

    Returns
    -------
    study : Study
        The links of the annotators are in ``study.annotators``; :func:`serve` answers to them.

    Raises
    ------
    FileExistsError
        If there is something at `path`.
    TypeError, ValueError
        If a parameter is wrong, `y` has a class that the estimator does not know, or fewer than
        two documents to ask about are found.
    NotFittedError
        If `estimator` is not fitted.

    References
    ----------
    .. [1] J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022,
       section 4.4.
    .. [2] H. Shen et al., "Are Shortest Rationales the Best Explanations for Human
       Understanding?", ACL 2022.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.study import create_study
    >>> texts, y, _ = make_rationale_classification(200, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(training=Training(max_epochs=1), random_state=0)
    >>> _ = clf.fit(texts[:150], y[:150])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = create_study(
    ...         Path(folder) / "study.db", clf, texts[150:], y[150:], per_case=5, random_state=0
    ...     )
    ...     first, *_ = study.annotators
    ...     pages = study.pages(first.id)
    ...     study.close()
    >>> len(pages)  # 4 to practise, and of 5 documents a rationale and as many random words
    14
    """
    path = _check_path(path)
    _check_numbers(
        per_case=(per_case, 1),
        n_attention_checks=(n_attention_checks, 0),
        n_practice=(n_practice, 0),
    )
    if isinstance(controls, str) or not set(controls) <= set(CONTROLS):
        raise ValueError(f"controls={controls!r}: give a list of some of {list(CONTROLS)}.")
    if show not in SHOWS:
        raise ValueError(f"show={show!r}: give one of {list(SHOWS)}.")
    called = _names_of_annotators(annotators)
    check_is_fitted(estimator)
    texts = check_texts(X)
    labels = check_labels(y, len(texts))
    classes = estimator.classes_.tolist()
    unknown = [label for label in dict.fromkeys(labels.tolist()) if label not in classes]
    if unknown:
        raise ValueError(f"y has {unknown[0]!r}, which the estimator does not know: {classes}.")
    descriptions = dict(class_descriptions or {})
    strange = [label for label in descriptions if label not in classes]
    if strange:
        raise ValueError(
            f"class_descriptions has {strange[0]!r}, which is no class of the estimator: {classes}."
        )
    rng = check_random_state(random_state)
    truths = np.array([classes.index(label) for label in labels.tolist()])

    exchange = exchange_of(estimator, texts, spans=False)
    drawn = _draw(exchange, truths, per_case=per_case, n_easy=n_practice + _N_EXAMPLES, rng=rng)
    if len(drawn.rows) < 2:
        raise ValueError(
            f"{len(drawn.rows)} documents were found to ask about, of an ensemble those on which "
            "its members disagree: give more documents."
        )
    for case, n_found in drawn.shortfalls.items():
        warnings.warn(
            f"{n_found} of the {per_case} documents asked for were found of the case {case}: all "
            "of them are taken. More documents would have more.",
            stacklevel=2,
        )
    documents = documents_of(exchange[np.array(drawn.rows + drawn.easy)])
    asked, easy = documents[: len(drawn.rows)], documents[len(drawn.rows) :]
    items = _Items(classes, truths, show, rng)
    for row, document in zip(drawn.rows, asked, strict=True):
        items.ask(row, document, controls)
    items.check_attention(n_attention_checks)
    items.introduce(drawn.easy, easy)
    study = Study.write(
        path,
        {
            "title": one_line(title),
            "question": one_line(question),
            "classes": [one_line(label) for label in classes],
            "class_descriptions": {
                one_line(label): one_line(said) for label, said in descriptions.items()
            },
            "show": show,
            "controls": [name for name in CONTROLS if name in controls],
            "cases": drawn.cases,
            "shortfalls": drawn.shortfalls,
            "per_case": int(per_case),
            "seed": int(rng.randint(2**31)),
        },
        items.made,
    )
    try:
        for annotator in called:
            study.add_annotator(annotator)
    except BaseException:
        study.close()
        path.unlink()
        raise
    return study


@dataclass(frozen=True)
class _Drawn:
    """Rows of documents: to be asked about, and easy ones to practise on; what cases they are."""

    rows: list[int]
    easy: list[int]
    cases: dict[str, int]
    shortfalls: dict[str, int]


def _draw(
    exchange: Exchange,
    truths: np.ndarray,
    *,
    per_case: int,
    n_easy: int,
    rng: np.random.RandomState,
) -> _Drawn:
    """Draw documents of every case, and easy ones: right, with high confidence."""
    case, undisputed = exchange.case, _AGREE
    names = [name for name in exchange.cases if name != _AGREE]
    if not exchange.cases:
        case, undisputed, names = np.full(len(exchange), _ALONE), _ALONE, [_ALONE]
    right = exchange.probabilities.argmax(axis=1) == truths
    confidence = exchange.probabilities.max(axis=1)
    sure = np.flatnonzero(right & (case == undisputed))
    sure = sure[np.argsort(-confidence[sure], kind="stable")]
    # Of each class in turn: practice that knows one answer teaches to give it always.
    turn = np.zeros(len(sure), dtype=int)
    for label in np.unique(truths[sure]):
        of_label = truths[sure] == label
        turn[of_label] = np.arange(of_label.sum())
    easy = sure[np.argsort(turn, kind="stable")][:n_easy]
    easy = easy[rng.permutation(len(easy))]
    rows: list[int] = []
    cases, shortfalls = {}, {}
    for name in names:
        here = np.setdiff1d(np.flatnonzero(case == name), easy)
        found = np.sort(rng.permutation(here)[:per_case])
        rows += found.tolist()
        cases[name] = len(found)
        if len(found) < per_case:
            shortfalls[name] = len(found)
    return _Drawn(rows, easy.tolist(), cases, shortfalls)


class _Items:
    """Makes the items of a study, document by document."""

    def __init__(
        self, classes: list[Any], truths: np.ndarray, show: Show, rng: np.random.RandomState
    ) -> None:
        self.made: list[Item] = []
        self._classes = classes
        self._truths = truths
        self._show = show
        self._rng = rng

    def ask(self, row: int, document: ExplainedDocument, controls: Sequence[str]) -> None:
        """Ask about the rationales of a document, and the controls."""
        kept = document.rationale
        case = kept.case or _ALONE
        others = {
            name: rationale
            for name, rationale in (document.members or {}).items()
            if rationale.label != kept.label
        }
        self._add(row, case, "selected", kept, document.chosen)
        if others:
            surest = max(others, key=lambda name: others[name].confidence)
            self._add(row, case, "not_selected", others[surest], surest)
        if "random" in controls:
            self._add(row, case, "random", with_random_words(kept, self._rng))
        if "full_text" in controls:
            self._add(row, case, "full_text", kept)

    def check_attention(self, n_checks: int) -> None:
        """Ask for given answers."""
        for truth in self._rng.permutation(np.arange(n_checks) % len(self._classes)):
            name = one_line(self._classes[truth])
            wanted = f"This page checks attention: please answer “{name}” with confidence 3."
            self.made.append(Item("main", "attention", [wanted], 0, int(truth)))

    def introduce(self, rows: Sequence[int], documents: Sequence[ExplainedDocument]) -> None:
        """Make worked examples of the first documents, and practice of the others.

        The second example is of random words: so annotators learn that some pages say little.
        """
        for number, (row, document) in enumerate(zip(rows, documents, strict=True)):
            kept = document.rationale
            kind = "random" if number == 1 else "selected"
            shown = with_random_words(kept, self._rng) if number == 1 else kept
            phase: Phase = "example" if number < _N_EXAMPLES else "practice"
            self.made.append(
                Item(
                    phase, kind, pieces_shown(shown, self._show), int(shown.mask.sum()),
                    int(self._truths[row]), row, kept.case,
                )
            )  # fmt: skip

    def _add(
        self, row: int, case: str, kind: str, rationale: Rationale, member: str | None = None
    ) -> None:
        whole = kind == "full_text"
        by_model = kind in ("selected", "not_selected")
        self.made.append(
            Item(
                "main",
                kind,
                readable_text(rationale) if whole else pieces_shown(rationale, self._show),
                len(rationale.mask) if whole else int(rationale.mask.sum()),
                int(self._truths[row]),
                row,
                case,
                member,
                self._classes.index(rationale.label) if by_model else None,
                float(rationale.confidence) if by_model else None,
            )
        )


def _check_path(path: str | Path) -> Path:
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists: give another path, or remove it.")
    if not path.parent.is_dir():
        raise ValueError(f"path={str(path)!r}: there is no folder {path.parent}.")
    return path


def _check_numbers(**numbers: tuple[Any, int]) -> None:
    """Refuse what is no whole number, or below the least that its name allows."""
    for name, (value, least) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name}={value!r}: give a whole number of at least {least}.")


def _names_of_annotators(annotators: int | Sequence[str]) -> list[str | None]:
    if isinstance(annotators, bool | str):
        raise ValueError(f"annotators={annotators!r}: give a number, or a list of names.")
    if isinstance(annotators, int | np.integer):
        if annotators < 0:
            raise ValueError(f"annotators={annotators}: give a number of at least 0.")
        return [None] * int(annotators)
    return list(annotators)

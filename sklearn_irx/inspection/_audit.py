"""An audit of rationales: what they are evidence of, in sentences, figures and a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_irx._pipelines import check_has_rationales, seen_by_final
from sklearn_irx._stages import expect, stage
from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.classifier.by_class import how_chosen
from sklearn_irx.inspection._auditing import SOURCES, AuditAnswer, Audited, questions
from sklearn_irx.inspection._page import Page, framed
from sklearn_irx.inspection._tables import SummaryTable
from sklearn_irx.inspection._templates import render
from sklearn_irx.metrics._encoding import CrossFittedReaders
from sklearn_irx.metrics._input import check_masks, check_same_documents
from sklearn_irx.text.harmless import one_line

_FOLDS = 5
_NOTE = (
    "Random, class-blind and class-conditional words are as many as the model's. Class-blind words "
    "are those that a linear model holds for the most telling, whatever they tell; "
    "class-conditional words are its most telling ones for the class that it found in the whole "
    "text."
)


class RationaleAudit(Page):
    """What the rationales of a model are evidence of; :func:`rationale_audit` makes it.

    It shows itself in a notebook.

    Parameters
    ----------
    answers : sequence of AuditAnswer
        One for each question that was answered.
    about : sequence of str
        Sentences on how words are chosen, and on what was left out.
    n_documents : int
        How many documents it is of.
    unanswered : sequence of str
        Questions that were not reached.
    title : str
        Heading of the page.

    Attributes
    ----------
    answers, about, n_documents, unanswered
        As given.
    complete : bool
        Whether every question was answered.
    table : SummaryTable
        All figures, a row each, by whose words they are of.
    """

    def __init__(
        self,
        answers: Sequence[AuditAnswer],
        *,
        about: Sequence[str],
        n_documents: int,
        unanswered: Sequence[str] = (),
        title: str = "Audit of rationales",
    ) -> None:
        self.answers = list(answers)
        self.about = [one_line(sentence) for sentence in about]
        self.n_documents = n_documents
        self.unanswered = list(unanswered)
        self.title = one_line(title)

    @property
    def complete(self) -> bool:
        """Whether every question was answered."""
        return not self.unanswered

    @property
    def table(self) -> SummaryTable:
        """All figures, a row each, by whose words they are of."""
        figures = {name: row for answer in self.answers for name, row in answer.figures.items()}
        there = [source for source in SOURCES if any(source in row for row in figures.values())]
        rows = [
            [name, *(f"{row[source]:.3f}" if source in row else "–" for source in there)]
            for name, row in figures.items()
        ]
        return SummaryTable("Figures", ["", *there], rows, _NOTE)

    def to_dict(self) -> dict[str, Any]:
        """Return questions, answers and figures as plain values, for JSON.

        Returns
        -------
        audit : dict
            ``n_documents``, ``about``, ``unanswered``, and ``answers``, a list of dicts with
            ``question``, ``answer``, ``concern`` and ``figures``.
        """
        return {
            "n_documents": self.n_documents,
            "about": self.about,
            "unanswered": self.unanswered,
            "answers": [asdict(one) for one in self.answers],
        }

    @property
    def html(self) -> str:
        """The page: it loads nothing and runs no script."""
        return render("audit.html", title=self.title, subtitle=self._subtitle(), audit=self)

    def __str__(self) -> str:
        lines = [*self.about, ""]
        for one in self.answers:
            lines += [f"{'!' if one.concern else '·'} {one.question}", f"  {one.answer}", ""]
        if self.unanswered:
            lines.append(f"Not answered: {'; '.join(self.unanswered)}.")
        return "\n".join(lines).strip()

    def __repr__(self) -> str:
        n_concerns = sum(one.concern for one in self.answers)
        part = "" if self.complete else f", {len(self.unanswered)} questions not answered"
        return (
            f"<RationaleAudit of {self.n_documents:,} documents: {len(self.answers)} answers, "
            f"{n_concerns} of concern{part}>"
        )

    def _repr_html_(self) -> str:
        return framed(self.html, self.title, height=40, sandbox="sandbox")

    def _subtitle(self) -> str:
        n = f"{self.n_documents:,} documents"
        return n if self.complete else f"{n} · not complete: it was interrupted"


def rationale_audit(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    human: Any = None,
    others: Sequence[Any] = (),
    reader: Any = None,
    max_documents: int | None = 2000,
    title: str = "Audit of rationales",
    random_state: Any = 0,
    verbose: int = 0,
) -> RationaleAudit:
    """Ask of the rationales of a fitted model what a reviewer would ask.

    Do the words suffice for others? Does the choice tell more than the words, or the shape? Could
    the opposite have been argued with as many words? How stable are they, and what is left without
    them? Each answer comes in sentences, with its figure beside its floor (random words; words that
    a linear model holds for the most telling, chosen class-blind) and its ceiling (all words; the
    words that people marked), and beside the trivial rival: a linear model's words for the class
    that it found in the whole text.

    The model is not trained again. Readers of the words are fitted on the documents themselves,
    each without those that it reads. Ctrl-C ends the audit with what is there.

    Parameters
    ----------
    estimator : fitted SelectiveRationaleClassifier, InteractiveEnsemble or InteractiveCommittee
        The model. Or a pipeline that ends in one: the words are then those of the cleaned texts.
    X : sequence of n_samples str
        Documents it was not trained on, some hundred at least. Two thousand take a minute or two.
    y : array-like of shape (n_samples,)
        Their true labels. Documents of a label that occurs less than five times are left out.
    human : array of shape (n_samples, n_words), dtype bool, or list of lists of spans, default=None
        The words that people marked, as masks or as spans (start, end) in words.
    others : sequence of fitted models, default=()
        The same model from other random states, to see whether it selects the same words again.
    reader : classifier or None, default=None
        Of raw text, with ``predict_proba``: what reads words in place of logistic regression on
        TF-IDF. It is cloned.
    max_documents : int or None, default=2000
        Documents to audit at most, drawn at random. None means all.
    title : str
        Heading of the page.
    random_state : int, RandomState instance or None, default=0
        Seed of all that is drawn.
    verbose : int, default=0
        1 shows a progress bar for each question.

    Returns
    -------
    audit : RationaleAudit
        With ``answers``, ``table``, ``to_dict()``, ``html`` and ``write_html(path)``; ``print`` it.

    Raises
    ------
    TypeError
        If a model has no rationales, `X` is not a sequence of str, or `human` are neither masks
        nor spans.
    ValueError
        If there are less than two labels that occur five times, arguments do not match, or
        `max_documents` is out of range, `y` holds no label of the model, or `others` have other
        words.
    NotFittedError
        If a model is not fitted.

    See Also
    --------
    sklearn_irx.metrics.evalx_score, sklearn_irx.metrics.encoding_score,
    sklearn_irx.metrics.arguability_score, sklearn_irx.metrics.mask_leakage_score

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.inspection import rationale_audit
    >>> texts, y, masks = make_rationale_classification(
    ...     400, n_classes=2, n_words=40, random_state=0
    ... )
    >>> clf = SelectiveRationaleClassifier(random_state=0).fit(texts[:200], y[:200])
    >>> audit = rationale_audit(clf, texts[200:], y[200:], human=masks[200:])
    >>> audit.complete, audit.answers[0].question
    (True, 'Do the words suffice for others?')
    """
    if max_documents is not None and (
        not isinstance(max_documents, Integral)
        or isinstance(max_documents, bool)
        or int(max_documents) < 1
    ):
        raise ValueError(f"max_documents={max_documents!r}: give at least 1, or None for all.")
    final, texts = _seen_by(estimator, X)
    labels = check_labels(y, len(texts))
    if not np.isin(labels, final.classes_).any():
        raise ValueError(
            f"y holds none of the labels of the model, {final.classes_.tolist()}: give true labels "
            "as it knows them."
        )
    compared = [_seen_by(other, X) for other in others]
    if human is not None:
        human = check_masks("human", human)
        check_same_documents(("X", "human"), texts, human)
    random_state = check_random_state(random_state)
    rows, about = _audited_rows(labels, max_documents, random_state)
    texts, labels = [texts[row] for row in rows], labels[rows]
    readers = CrossFittedReaders(
        texts, labels, reader=reader, tokenizer=final, cv=_FOLDS, random_state=random_state
    )
    if human is not None:
        human = readers.texts.check(human[rows], "human")
    compared = [(other, [seen[row] for row in rows]) for other, seen in compared]
    for number, (other, seen) in enumerate(compared):
        if other.word_spans(seen) != readers.texts.spans:
            raise ValueError(
                f"others[{number}]={others[number]!r} has other words than the model: give one "
                "with the same tokenizer and max_length, or leave it out."
            )
    audited = Audited(final, texts, labels, human, compared, readers, random_state)
    about = [*_how_chosen(final), *about]
    answers: list[AuditAnswer] = []
    asked = questions(final)
    try:
        with stage("readers of words", shown=verbose, unit="fit"):
            expect(readers.n_fits)
            readers.fit()
        for name, question in asked.items():
            with stage(name, shown=verbose):
                answers.append(question(audited))
    except KeyboardInterrupt:
        pass  # what was found out is not lost; the audit says what is missing
    return RationaleAudit(
        answers,
        about=about,
        n_documents=len(texts),
        unanswered=list(asked)[len(answers) :],
        title=title,
    )


def _seen_by(other: Any, X: Any) -> tuple[Any, list[str]]:
    """Return a fitted model with rationales, at the end of a pipeline too, and its texts."""
    check_has_rationales(other)
    final, texts = seen_by_final(other, X)
    check_is_fitted(final)
    return final, check_texts(texts)


def _how_chosen(final: Any) -> list[str]:
    """Return sentences on how a model, or the members of an ensemble, choose words."""
    said: dict[str, None] = {}
    for member in getattr(final, "estimators_", [final]):
        if (sentence := how_chosen(member)) is not None:
            said[f"{sentence[:1].upper()}{sentence[1:]}."] = None
    return list(said)


def _audited_rows(
    labels: np.ndarray, max_documents: int | None, random_state: np.random.RandomState
) -> tuple[np.ndarray, list[str]]:
    """Return the documents to audit, and what to say of those left out."""
    rows = np.arange(len(labels))
    about = []
    if max_documents is not None and max_documents < len(rows):
        rows = np.sort(random_state.choice(rows, max_documents, replace=False))
        about.append(f"{len(rows):,} of {len(labels):,} documents were drawn at random.")
    found, counts = np.unique(labels[rows], return_counts=True)
    rare = found[counts < _FOLDS]
    if len(found) - len(rare) < 2:
        raise ValueError(
            f"y has {len(found) - len(rare)} labels that occur at least {_FOLDS} times among the "
            f"{len(rows)} documents: give more documents, of two labels at least."
        )
    if len(rare):
        kept = ~np.isin(labels[rows], rare)
        about.append(
            f"{int((~kept).sum()):,} documents of labels that occur less than {_FOLDS} times were "
            f"left out: {', '.join(map(str, rare.tolist()))}."
        )
        rows = rows[kept]
    return rows, about

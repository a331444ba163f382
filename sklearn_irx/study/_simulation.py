"""Models as annotators: to plan a study and try it out before people answer it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import ttest_1samp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import check_random_state

from sklearn_irx._validation import check_labels, check_texts
from sklearn_irx.study._records import CONFIDENCES, Answer
from sklearn_irx.study._store import Study
from sklearn_irx.study._tables import ATTENTION

if TYPE_CHECKING:
    import pandas as pd


def train_readers(
    X: Any, y: Any, *, shares: Sequence[float] = (1.0, 0.1, 0.02), random_state: Any = 0
) -> dict[str, Pipeline]:
    """Train linear models of different strength on whole texts, to answer a study.

    Parameters
    ----------
    X : sequence of n_samples str
        Documents, none of them in the study.
    y : array-like of shape (n_samples,)
        Their classes.
    shares : sequence of float, default=(1.0, 0.1, 0.02)
        Share of the documents to train each reader on, above 0 and at most 1.
    random_state : int, RandomState or None, default=0
        Draws the documents, stratified by class.

    Returns
    -------
    readers : dict of str to Pipeline
        Fitted pipelines of TF-IDF and logistic regression, by name.

    Raises
    ------
    ValueError
        If a share is out of range, or leaves fewer documents than classes.

    Examples
    --------
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.study import train_readers
    >>> texts, y, _ = make_rationale_classification(200, random_state=0)
    >>> list(train_readers(texts, y, shares=(1.0, 0.1)))
    ['linear, 100 % of the texts', 'linear, 10 % of the texts']
    """
    texts = check_texts(X)
    labels = check_labels(y, len(texts))
    n_classes = len(np.unique(labels))
    rng = check_random_state(random_state)
    readers = {}
    for share in shares:
        if not 0 < share <= 1:
            raise ValueError(f"shares has {share!r}: give numbers above 0 and at most 1.")
        n_texts = round(share * len(texts))
        if n_texts < n_classes:
            raise ValueError(
                f"shares has {share!r}, which leaves {n_texts} of {len(texts)} documents for "
                f"{n_classes} classes: give a larger share, or more documents."
            )
        chosen: Sequence[int] = range(len(texts))
        if n_texts < len(texts):
            chosen, _ = train_test_split(
                np.arange(len(texts)),
                train_size=n_texts,
                test_size=None,
                stratify=labels,
                random_state=rng,
            )
        reader = make_pipeline(
            TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
        )
        readers[f"linear, {100 * share:g} % of the texts"] = reader.fit(
            [texts[row] for row in chosen], labels[chosen]
        )
    return readers


def simulate_annotators(
    study: Study, readers: Mapping[str, Any], *, lapse: float = 0.0, random_state: Any = 0
) -> None:
    """Let models answer a study, stored as the answers of people are.

    Each reader becomes an annotator and answers every page with the class it predicts from the
    words shown. The confidence, from 0 to 3, is the probability of that class, binned in four
    equal steps from 1 / n_classes to 1. Pages without words are answered "nothing readable";
    attention checks are passed.

    Parameters
    ----------
    study : Study
        The study to answer.
    readers : mapping of str to fitted classifiers
        Text classifiers with ``predict_proba`` and the classes of the study, by the name of the
        annotator; :func:`train_readers` trains some.
    lapse : float, default=0.0
        Share of the pages with a random answer, as tired people give.
    random_state : int, RandomState or None, default=0
        Draws the random answers.

    Raises
    ------
    ValueError
        If `lapse` is out of range, a reader has other classes than the study, or a name is taken.

    See Also
    --------
    analyse_study : Has an example.
    """
    if not 0 <= lapse <= 1:
        raise ValueError(f"lapse={lapse!r}: give a number between 0 and 1.")
    rng = check_random_state(random_state)
    columns = {}
    for name, reader in readers.items():
        known = [str(label) for label in reader.classes_]
        if sorted(known) != sorted(study.classes):
            raise ValueError(
                f"readers[{name!r}] knows the classes {known}; the study asks for {study.classes}."
            )
        columns[name] = [known.index(label) for label in study.classes]
    for name, reader in readers.items():
        annotator = study.add_annotator(name)
        answers = study.answers()
        kinds = answers.loc[answers["annotator"] == annotator.name, "kind"]
        pages = study.pages(annotator.id)
        # Without the marks for gaps, which are for people.
        texts = [" ".join(piece for piece in page.shown if piece) for page in pages]
        probabilities = reader.predict_proba(texts)[:, columns[name]]
        recorded = []
        for page, kind, text, row in zip(pages, kinds, texts, probabilities, strict=True):
            label: int | None = int(row.argmax())
            confidence: int | None = _confidence(float(row.max()), len(row))
            if kind == ATTENTION:
                label, confidence = page.truth, len(CONFIDENCES) - 1
            elif not text:
                label = confidence = None
            if rng.uniform() < lapse:
                label = int(rng.randint(len(row)))
                confidence = int(rng.randint(len(CONFIDENCES)))
            answer = Answer(
                annotator=annotator.id, position=page.position, label=label,
                confidence=confidence, seconds=None, form=secrets.token_hex(16),
            )  # fmt: skip
            recorded.append(answer)
        study.record(recorded)


def power_table(
    study: Study,
    *,
    differences: Sequence[float] = (0.05, 0.1, 0.15, 0.2, 0.3),
    n_documents: Sequence[int] = (10, 20, 40, 80, 160, 320),
    alpha: float = 0.05,
    n_simulations: int = 1_000,
    random_state: Any = 0,
) -> pd.DataFrame:
    """Estimate the power of a study to find that selected rationales beat the others.

    Each simulated study draws documents of `study` with replacement, with the answers of all
    annotators to both rationales. It swaps the two rationales at random, then adds the difference:
    some wrong answers to the one become right, some right answers to the other become wrong. This
    roughly preserves the agreement between annotators.

    Parameters
    ----------
    study : Study
        A study with as many annotators as planned, answered by people (a pilot) or by models
        (:func:`simulate_annotators`).
    differences : sequence of float, default=(0.05, 0.1, 0.15, 0.2, 0.3)
        Differences in accuracy, between 0 and 1.
    n_documents : sequence of int, default=(10, 20, 40, 80, 160, 320)
        Numbers of documents of the planned study, all cases together.
    alpha : float, default=0.05
        Significance level of a two-sided t-test on the documents' mean differences.
    n_simulations : int, default=1_000
        Simulated studies per number of documents and difference.
    random_state : int, RandomState or None, default=0
        Draws the simulated studies.

    Returns
    -------
    power : DataFrame
        Share of the simulated studies with a significant difference, between 0 and 1: one row per
        number of documents, one column per difference. nan if the difference is impossible.

    Raises
    ------
    ValueError
        If a parameter is out of range, or fewer than two documents have answers to both
        rationales.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.study import (
    ...     create_study, power_table, simulate_annotators, train_readers
    ... )
    >>> texts, y, _ = make_rationale_classification(900, n_words=40, random_state=0)
    >>> small = {
    ...     "encoder": "cnn", "training": Training(max_epochs=1), "rationale_length": 3
    ... }
    >>> both = InteractiveEnsemble(
    ...     SelectiveRationaleClassifier(**small, random_state=0),
    ...     SelectiveRationaleClassifier(**small, initialization="logistic", random_state=1),
    ... ).fit(texts[:150], y[:150])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "study.db"
    ...     with create_study(
    ...         path, both, texts[150:], y[150:], per_case=1, annotators=0, random_state=0
    ...     ) as study:
    ...         simulate_annotators(study, train_readers(texts[:150], y[:150]))
    ...         power = power_table(study, differences=[0.1, 0.4], n_documents=[20, 200])
    >>> power.shape
    (2, 2)
    """
    for difference in differences:
        if not 0 < difference < 1:
            raise ValueError(f"differences has {difference!r}: give numbers between 0 and 1.")
    for number in n_documents:
        if number < 2:
            raise ValueError(f"n_documents has {number!r}: give at least 2.")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha={alpha!r}: give a number between 0 and 1, as 0.05.")
    if n_simulations < 1:
        raise ValueError(f"n_simulations={n_simulations!r}: give at least 1.")
    import pandas as pd

    rng = check_random_state(random_state)
    power = partial(_power, _pairs(study), alpha=alpha, n_simulations=n_simulations, rng=rng)
    rows = [
        [power(difference=difference, n_documents=number) for difference in differences]
        for number in n_documents
    ]
    return pd.DataFrame(
        rows,
        index=pd.Index(n_documents, name="n_documents"),
        columns=pd.Index(differences, name="difference"),
    )


def _confidence(probability: float, n_classes: int) -> int:
    """Bin a probability between 1 / n_classes and 1 into 0 to 3, in equal steps."""
    share = (probability - 1 / n_classes) / (1 - 1 / n_classes)
    return int(np.clip(len(CONFIDENCES) * share, 0, len(CONFIDENCES) - 1))


def _pairs(study: Study) -> np.ndarray:
    """Return right (1), wrong (0) and missing (nan) answers to both rationales of the documents.

    The shape is (n_documents, 2, n_annotators).
    """
    answers = study.answers()
    main = answers[answers["kind"].isin(["selected", "not_selected"])]
    main = main[main["phase"] == "main"].assign(right=main["right"].astype("Float64"))
    table = main.pivot(index="document", columns=["kind", "annotator"], values="right")
    if len(table) and {"selected", "not_selected"} <= set(main["kind"]):
        pairs = np.stack(
            [table[kind].to_numpy(float, na_value=np.nan) for kind in ("selected", "not_selected")],
            axis=1,
        )
        pairs = pairs[~np.isnan(pairs.sum(axis=1)).all(axis=1)]
        if len(pairs) > 1:
            return pairs
    raise ValueError(
        f"{study.path} holds no two documents with answers to a selected and a not selected "
        "rationale: answer a study of an ensemble first, by people or simulate_annotators."
    )


def _power(
    pairs: np.ndarray,
    *,
    difference: float,
    n_documents: int,
    alpha: float,
    n_simulations: int,
    rng: np.random.RandomState,
) -> float:
    accuracy = np.nanmean(pairs)
    if difference / 2 > min(accuracy, 1 - accuracy):
        return np.nan
    drawn = pairs[rng.randint(len(pairs), size=(n_simulations, n_documents))]
    swapped = rng.randint(2, size=(n_simulations, n_documents, 1)).astype(bool)
    one = np.where(swapped, drawn[:, :, 1], drawn[:, :, 0])
    other = np.where(swapped, drawn[:, :, 0], drawn[:, :, 1])
    better = rng.uniform(size=one.shape) < difference / 2 / (1 - accuracy)
    worse = rng.uniform(size=one.shape) < difference / 2 / accuracy
    one = np.where((one == 0) & better, 1.0, one)
    other = np.where((other == 1) & worse, 0.0, other)
    differences = np.nanmean(one - other, axis=2)
    # Without variance there is no p-value: any difference but 0 counts as found.
    constant = np.ptp(differences, axis=1) == 0
    found = constant & (differences[:, 0] != 0)
    found[~constant] = ttest_1samp(differences[~constant], 0, axis=1).pvalue <= alpha
    return float(found.mean())

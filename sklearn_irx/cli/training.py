"""Training models, the way every command does it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from sklearn_irx._validation import hold_out
from sklearn_irx.cli.errors import WRONG_USE, CommandError, refusals

if TYPE_CHECKING:
    from rich.console import Console

_N_LABELS_NAMED = 5
_FILE_ENDINGS = (".gz", ".txt", ".vec", ".bin", ".kv", ".model")


def train(
    texts: Sequence[str],
    y: np.ndarray,
    members: Sequence[Mapping[str, Any]],
    console: Console,
) -> Any:
    """Fit one classifier for each of `members`, and join two in an ensemble.

    Parameters
    ----------
    texts : sequence of str of shape (n_samples,)
        Documents.
    y : array of shape (n_samples,)
        Their labels.
    members : sequence of one or two dicts
        Parameters of each classifier, as ``set_params`` takes them.
    console : rich.console.Console
        For messages on progress.

    Returns
    -------
    model : SelectiveRationaleClassifier or InteractiveEnsemble
        Fitted; an ensemble if there are two members.

    Raises
    ------
    CommandError
        If the estimators refuse the parameters or the data.
    """
    from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
    from sklearn_irx.classifier.by_class import how_selected

    fitted = []
    for number, parameters in enumerate(members, start=1):
        which = f" {number} of {len(members)}" if len(members) > 1 else ""
        console.print(f"Training model{which} on {len(texts):,} documents", highlight=False)
        with refusals(), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", UserWarning)
            classifier = SelectiveRationaleClassifier().set_params(**parameters)
            fitted.append(classifier.fit(texts, y))
        chosen = how_selected(classifier)
        for note in [warning.message for warning in said] + ([f"{chosen}."] if chosen else []):
            console.print(f"Note: {note}", highlight=False, markup=False, soft_wrap=True)
    for model, parameters in zip(fitted, members, strict=True):
        # Progress bars are not wanted from a loaded model, and the folder of checkpoints is one
        # of this machine.
        model.set_params(verbose=0)
        if "training__checkpoint_dir" in parameters:
            model.set_params(training__checkpoint_dir=None)
    if len(fitted) == 1:
        return fitted[0]
    with refusals():
        return InteractiveEnsemble(*fitted).fit(texts, y)


def train_to_abstain(
    texts: Sequence[str],
    y: np.ndarray,
    members: Sequence[Mapping[str, Any]],
    console: Console,
    *,
    coverage: float | None,
    risk: float | None,
) -> Any:
    """Fit as :func:`train` on three quarters of the texts, and calibrate when it abstains.

    `coverage` and `risk` are those of ``RejectOption``, which is returned. Raises as :func:`train`.
    """
    from sklearn_irx import RejectOption
    from sklearn_irx.ensemble.thresholds import import_risk_control

    if risk is not None:
        try:
            import_risk_control()
        except ImportError as error:
            raise CommandError(str(error)) from error
    classes = np.unique(y, return_inverse=True)[1]
    learning, calibrating = hold_out(classes, 0.25, np.random.RandomState(0))
    model = train([texts[row] for row in learning], y[learning], members, console)
    option = RejectOption(model, coverage=coverage, risk=risk, random_state=0)
    with refusals(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        option.fit([texts[row] for row in calibrating], y[calibrating])
    for note in said:
        console.print(f"Note: {note.message}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"Of {len(calibrating):,} documents to calibrate on, {option.coverage_:.1%} are answered.",
        highlight=False,
    )
    return option


def split(
    texts: Sequence[str], y: np.ndarray, test_size: float, seed: int
) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Hold out a share of every label, and say so where it cannot be one of every label.

    Returns
    -------
    texts_train, texts_test, y_train, y_test
        Every label is in the training part. The test part is empty if no label has two documents.
    """
    from sklearn.model_selection import train_test_split

    labels, number, counts = np.unique(y, return_inverse=True, return_counts=True)
    _say_what_is_not_tested([str(label) for label in labels[counts == 1]], len(labels))
    several = np.flatnonzero(counts[number] > 1)
    alone = np.flatnonzero(counts[number] == 1)
    train, test = several, several[:0]
    if several.size:
        try:
            train, test = train_test_split(
                several, test_size=test_size, stratify=number[several], random_state=seed
            )
        except ValueError:  # too few for one of every label on each side
            rows = hold_out(number[several], test_size, np.random.RandomState(seed))
            train, test = (several[part] for part in rows)
            typer.echo(
                f"Note: there are too few documents to test every label on a share of its own: "
                f"{len(test)} of {len(y)} are held out, and each label keeps some to learn from.",
                err=True,
            )
    train = np.concatenate([train, alone])
    texts_train, texts_test = ([texts[row] for row in part.tolist()] for part in (train, test))
    return texts_train, texts_test, y[train], y[test]


def _say_what_is_not_tested(alone: list[str], n_labels: int) -> None:
    if not alone:
        return
    if len(alone) == n_labels:
        typer.echo("Note: no label has two documents, so none is held out to test on.", err=True)
        return
    named = ", ".join(map(repr, alone[:_N_LABELS_NAMED]))
    more = f" and {len(alone) - _N_LABELS_NAMED:,} more" if len(alone) > _N_LABELS_NAMED else ""
    have, it = ("label has", "it is") if len(alone) == 1 else ("labels have", "they are")
    typer.echo(
        f"Note: {len(alone):,} {have} a single document ({named}{more}): {it} trained on, and not "
        "tested.",
        err=True,
    )


def check_vectors(vectors: str | None) -> str | None:
    """Refuse the path of a file of word vectors that is not there.

    Raises
    ------
    CommandError
        If `vectors` looks like a path and there is no such file.
    """
    if vectors is None or Path(vectors).is_file():
        return vectors
    if os.sep in vectors or vectors.endswith(_FILE_ENDINGS):
        raise CommandError(f"there is no file {vectors} of word vectors.", WRONG_USE)
    return vectors

"""Training a pair of models, the way every command does it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx.cli.errors import WRONG_USE, CommandError, refusals

if TYPE_CHECKING:
    from rich.console import Console

_VECTOR_FILES = ("glove.6B.100d.subset.txt.gz", "glove.6B.*d.txt.gz", "glove.6B.*d.txt")
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

    fitted = []
    for number, parameters in enumerate(members, start=1):
        which = f" {number} of {len(members)}" if len(members) > 1 else ""
        console.print(f"Training model{which} on {len(texts):,} documents", highlight=False)
        with refusals(), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", UserWarning)
            classifier = SelectiveRationaleClassifier().set_params(**parameters)
            fitted.append(classifier.fit(texts, y))
        for warning in said:
            console.print(f"Note: {warning.message}", highlight=False, markup=False, soft_wrap=True)
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


def split(
    texts: Sequence[str], y: np.ndarray, test_size: float, seed: int
) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Hold out a share of every class.

    Returns
    -------
    texts_train, texts_test, y_train, y_test

    Raises
    ------
    CommandError
        If there are too few documents to split, or a class has a single one.
    """
    from sklearn.model_selection import train_test_split

    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < 2:
        alone = classes[counts.argmin()]
        raise CommandError(
            f"the label {str(alone)!r} has a single document; two are needed, one to train on and "
            "one to test on."
        )
    with refusals():
        train_texts, test_texts, y_train, y_test = train_test_split(
            list(texts), y, test_size=test_size, stratify=y, random_state=seed
        )
    return train_texts, test_texts, y_train, y_test


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


def found_vectors() -> str | None:
    """Return the path of GloVe vectors in the folder ``SKLEARN_IRX_DATA``, or None."""
    folder = os.environ.get("SKLEARN_IRX_DATA")
    if not folder:
        return None
    for pattern in _VECTOR_FILES:
        files = sorted(Path(folder).glob(pattern))
        if files:
            return str(files[0])
    return None

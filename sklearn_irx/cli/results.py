"""Documents to look at, and rationales in the terminal."""

from __future__ import annotations

from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_irx import Rationale
from sklearn_irx.exchange import CASES
from sklearn_irx.inspection import to_rich
from sklearn_irx.inspection._terminal import document_to_rich

if TYPE_CHECKING:
    from rich.console import Console

    from sklearn_irx import Exchange
    from sklearn_irx.inspection import SummaryTable
    from sklearn_irx.inspection._records import DocumentRecord


def result_tables(
    exchange: Exchange, y_true: np.ndarray | None, masks_true: np.ndarray | None = None
) -> list[SummaryTable]:
    """Return the table of the models and, of an ensemble, that of the cases."""
    from sklearn_irx.inspection._summary import answers_of, cases_table, models_table

    tables = [models_table(answers_of(exchange), y_true, masks_true)]
    return [*tables, cases_table(exchange, y_true)] if exchange.cases else tables


def accuracies(exchange: Exchange, y_true: np.ndarray) -> dict[str, float]:
    """Compute the accuracy of each model, and of all together."""
    from sklearn_irx.inspection._summary import answers_of

    return {
        f"accuracy, {name}" if exchange.cases else "accuracy": float(
            np.mean(found.labels == y_true)
        )
        for name, found in answers_of(exchange).items()
    }


def choose_examples(case: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Choose documents to show: every case in turn, disagreements first, agreement last.

    Parameters
    ----------
    case : array of shape (n_samples,)
        How an ensemble settled each document.
    n : int
        How many to choose, at most.
    seed : int
        Seed of the random choice.

    Returns
    -------
    rows : ndarray of shape (at most n,), dtype int

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.cli.results import choose_examples
    >>> case = np.array(["agree", "agree", "convinced_1", "agree", "confidence_2"])
    >>> case[choose_examples(case, 3, seed=0)]
    array(['convinced_1', 'confidence_2', 'agree'], dtype='<U12')
    """
    order = np.random.RandomState(seed).permutation(len(case))
    queues = [[row for row in order if case[row] == name] for name in (*CASES[1:], CASES[0])]
    turns = (row for turn in zip_longest(*queues) for row in turn if row is not None)
    return np.array(list(islice(turns, n)), dtype=int)


def show_rationale(
    console: Console, rationale: Rationale, y_true: Any, *, whole: bool = False
) -> None:
    """Print a document with its rationale; in brackets, and unwrapped, if it goes to a file."""
    marks, plain = _marks(console)
    console.print(to_rich(rationale, y_true=y_true, marks=marks, whole=whole), soft_wrap=plain)
    console.print()


def show_document(console: Console, document: DocumentRecord, *, whole: bool = False) -> None:
    """Print a document with the words for classes; as :func:`show_rationale` does."""
    marks, plain = _marks(console)
    console.print(document_to_rich(document, marks=marks, whole=whole), soft_wrap=plain)
    console.print()


def _marks(console: Console) -> tuple[tuple[str, str], bool]:
    """Return what stands around selected words, and whether no terminal shows them."""
    plain = not console.is_terminal
    return ("[", "]") if plain else ("", ""), plain

"""Class-wise rationales: for each class of a document, the words that support it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from sklearn_irx.classifier.by_class import own_chosen
from sklearn_irx.classifier.rationale import (
    LEGEND,
    MOST_SHOWN,
    Rationale,
    ShownList,
    cell,
    n_documents,
    plain,
)
from sklearn_irx.text.harmless import one_line

NAMED = ("all", "predicted", "runner_up")
"""Targets that are found in each document."""

MOST_CLASSES = 4
"""Classes of a document that are shown, the most probable ones."""


@dataclass(frozen=True, eq=False, repr=False)
class ClasswiseRationales(Sequence[Rationale]):
    """The words for each class of one document, beside the model's own rationale.

    A sequence of :class:`~sklearn_irx.Rationale`, one for each class asked for: of all classes, the
    most probable first, by the model's own rationale. A class's rationale has as many words as the
    own one; its `target` is the class, `label` what the model predicts from these words alone, and
    `convinced` tells whether the two are equal.

    Attributes
    ----------
    own : Rationale
        The model's own rationale.
    targets : tuple of Rationale
        One for each class, chosen to support it.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from sklearn_irx import ClasswiseRationales, Rationale
    >>> own = Rationale("A dull film.", ["a", "dull", "film"], [(0, 1), (2, 6), (7, 11)],
    ...                 np.array([False, True, False]), label="bad", confidence=0.9)
    >>> good = replace(own, mask=np.array([False, False, True]), label="good", confidence=0.6,
    ...                target="good", target_confidence=0.6)
    >>> document = ClasswiseRationales(own, (good,))
    >>> document[0].words, document[0].convinced, document.contested
    (['film'], True, True)
    >>> print(document)
    bad (0.90): … dull …
    good (0.60; convinced; chosen to support good; the model's own rationale was not): … film …
    """

    own: Rationale
    targets: tuple[Rationale, ...]

    @overload
    def __getitem__(self, key: int) -> Rationale: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Rationale, ...]: ...
    def __getitem__(self, key: Any) -> Any:
        return self.targets[key]

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def contested(self) -> bool | None:
        """Whether words for another class than the predicted one convince the model.

        None if the predicted class alone was asked for, or no word is shown.
        """
        if not self.own.mask.any():
            return None
        others = [one.convinced for one in self if one.target != self.own.label]
        return any(others) if others else None

    def to_dict(self) -> dict[str, Any]:
        """Return ``own`` and ``targets``, a list, as :meth:`Rationale.to_dict` returns each."""
        return {"own": self.own.to_dict(), "targets": [one.to_dict() for one in self]}

    def __str__(self) -> str:
        return "\n".join(map(str, [self.own, *self]))

    def __repr__(self) -> str:
        labels = ", ".join(one_line(one.target) for one in self.shown)
        return f"<ClasswiseRationales for {labels}{self.more()}; own: {self.own}>"

    @property
    def shown(self) -> tuple[Rationale, ...]:
        """The rationales of the most probable classes, which pictures show."""
        return self.targets[:MOST_CLASSES]

    def more(self) -> str:
        """Return how many classes are not shown, as text; empty for none."""
        n = len(self) - MOST_CLASSES
        return f" and {n:,} more class{'' if n == 1 else 'es'}" if n > 0 else ""

    def _repr_html_(self) -> str:
        return cell(f"<p>{LEGEND}</p>", self._block())

    def _block(self) -> str:
        """Return the own rationale, and below it those of the most probable classes."""
        sides = "".join(f"<section>{one._block()}</section>" for one in self.shown)
        more = f"<p>…{self.more()}</p>" if self.more() else ""
        return f'{self.own._block()}<div class="sides">{sides}</div>{more}'


class ClasswiseDocuments(ShownList[ClasswiseRationales]):
    """A list of documents with the words for each class, as ``explain(X, target="all")`` returns.

    In a notebook it shows the rationales of a document side by side, in a terminal a line for each
    document, 20 at most, and ``print(documents[0])`` the words of one. It is a list in all else;
    slices are `ClasswiseDocuments`, too.

    See Also
    --------
    ClasswiseRationales : One document of it, with an example.
    """

    @staticmethod
    def _line(one: ClasswiseRationales) -> str:
        outcomes = (f"{one_line(found.target)}: {found.outcome()}" for found in one.shown)
        return f"{'; '.join(outcomes)}{one.more()}; own: {one.own}"

    def __repr__(self) -> str:
        first, *lines = super().__repr__().splitlines()
        return "\n".join([f"{first}. {self.summary()}".rstrip(), *lines])

    def _repr_html_(self) -> str:
        heading = f"<p>{n_documents(len(self))} · {LEGEND}<br>{self.summary()}</p>"
        more = "".join(f"<p>{line}</p>" for line in self.more())
        return cell(heading, *(one._block() for one in self[:MOST_SHOWN]), more)

    def summary(self) -> str:
        """Return how words were chosen, and in how many documents those for other classes convince.

        Empty if for no document another class than the predicted one was asked for.
        """
        return summary_of(self)


def check_target(target: Any, classes: np.ndarray) -> str | int:
    """Return a target as one of `NAMED`, or as the number of a class.

    Raises ValueError if it is neither. A class of one of these names is found under "all".
    """
    if isinstance(target, str) and target in NAMED:
        return target
    return number_of_class(target, classes, NAMED)


def number_of_class(target: Any, classes: np.ndarray, names: Sequence[str] = ()) -> int:
    """Return the number of a class; `names` are what else may be given, for the error.

    Raises ValueError if it is no class.
    """
    labels = classes.tolist()
    wanted = plain(target)
    if np.ndim(wanted) == 0:
        for number, label in enumerate(labels):
            if label == wanted and isinstance(label, bool) == isinstance(wanted, bool):
                return number
    shown = ", ".join(map(repr, labels[:10])) + (", …" if len(labels) > 10 else "")
    others = f"{', '.join(map(repr, names))}, or one" if names else "one"
    raise ValueError(
        f"target={wanted!r} is no class of this model: give {others} of its classes ({shown})."
    )


def summary_of(documents: Iterable[ClasswiseRationales]) -> str:
    """Return :meth:`ClasswiseDocuments.summary` of any documents."""
    found = [one for one in documents if one.contested is not None]
    if not found:
        return ""
    own = own_chosen(class_conditional=found[0].own.class_conditional)
    n = sum(bool(one.contested) for one in found)
    share = f"{n:,} of {n_documents(len(found))} ({100 * n / len(found):.0f} %)"
    return (
        f"As many words as the model itself selects are chosen to support a class; {own}. In "
        f"{share}, words for another class than the predicted one convince the model."
    )

"""What is said of class-conditional selection, wherever it is spoken of."""

from __future__ import annotations

from typing import Any

BY_CLASS = "chosen to support the predicted class by a model that read the whole text"
"""What is said of every rationale of a model whose selection is class-conditional."""

NO_PROMISE = (
    "“Shows the words it used, and can use no others” does not apply as it stands: the prediction "
    "is computed from these words alone, but a model that read the whole text chose them for the "
    "class it had settled on."
)
"""What is said in place of the promise that holds for class-blind selection."""


def own_chosen(*, class_conditional: bool) -> str:
    """Return what stands beside words chosen for a given class: how the own ones were."""
    return f"the model's own rationale was {BY_CLASS if class_conditional else 'not'}"


def is_class_conditional(clf: Any) -> bool:
    """Return whether the selection of a fitted classifier is class-conditional."""
    return bool(_class_focus(clf))


def how_selected(clf: Any) -> str | None:
    """Return sentences on a fitted classifier whose selection is class-conditional, else None.

    They begin with a small letter and end without a full stop.
    """
    focus = _class_focus(clf)
    if not focus:
        return None
    return (
        f"words are {BY_CLASS} (class-conditional selection, class_focus={focus:g}), and their "
        f"accuracy is largely that of the whole text. {NO_PROMISE} Class-blind selection "
        "(class_focus=0) is the default"
    )


def how_chosen(clf: Any) -> str | None:
    """Return a sentence on how any fitted classifier chooses words; None for one that is not ours.

    It begins with a small letter and ends without a full stop.
    """
    module = getattr(clf, "_module", None)
    if module is None:
        return None
    if is_class_conditional(clf):
        return how_selected(clf)
    config = module.config
    if config.initialization.from_scratch or config.encoder.has_context:
        return (
            "the selection is given no class, but it was trained, and may have learned to tell the "
            "class by its choice"
        )
    return "words are chosen class-blind, by their own weights, before any class is settled on"


def _class_focus(clf: Any) -> float:
    module = getattr(clf, "_module", None)  # others than ours may stand among the members
    return 0.0 if module is None else module.config.initialization.class_focus

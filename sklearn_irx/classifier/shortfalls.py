"""What the rationales of a trained model fail to be, and which parameters had no effect."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from sklearn_irx.classifier.selection import SelectionAsked
from sklearn_irx.components import OBJECTIVES, EncodingPenalty, LinearInit, TopK
from sklearn_irx.exceptions import SelectionWarning
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.lengths import auto_length, is_share
from sklearn_irx.nn.losses import n_transitions
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.text import UNKNOWN

_MANY_EMPTY = 0.05  # of the documents
_FEW_EMPTY = 2  # documents, whatever the share
_MISSED = 0.1  # relative to what was asked for


def warn_of_selection(
    clf: Any,
    config: NetworkConfig,
    masks: np.ndarray,
    validation: LabelledDocuments,
    *,
    validation_given: bool,
) -> None:
    """Warn once of all that :func:`shortfalls` and :func:`without_effect` find."""
    documents, style = validation.documents, config.style
    lengths = style.lengths(documents)
    known = documents.padded(np.arange(len(documents))) > UNKNOWN
    masks, known = (style.of_units(mask, documents) for mask in (masks, known))
    found = [
        *shortfalls(
            clf,
            masks,
            lengths,
            n_known=known.sum(axis=1),
            weights=validation.weights,
            of_units=True,
        ),
        *without_effect(clf, config, validation_given=validation_given),
    ]
    if found:
        warnings.warn(f"{'; '.join(found)}.", SelectionWarning, stacklevel=4)


def shortfalls(
    clf: Any,
    masks: np.ndarray,
    lengths: np.ndarray,
    *,
    n_known: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    n_errors: float = 0.0,
    of_units: bool = False,
) -> list[str]:
    """Return in what rationales miss the parameters of a classifier, with a remedy each.

    A mean over few documents may be off by a word of one of them, and a document that has fewer
    words than `rationale_length` by the words that it lacks.

    Parameters
    ----------
    clf : SelectiveRationaleClassifier
        Its parameters are what was asked for.
    masks : ndarray of shape (n_documents, at least the longest), dtype bool
        The rationales.
    lengths : ndarray of shape (n_documents,), dtype int
        Number of words of each document.
    n_known : ndarray of shape (n_documents,), dtype int, optional
        Of these, those that may be selected.
    weights : ndarray of shape (n_documents,), optional
        Sample weights.
    n_errors : float
        Standard errors that a mean may be off: for documents that the selection was not fitted to.
    of_units : bool
        Whether masks and numbers are of the units of the style, and not of words. If these are not
        the same, lengths are compared of units alone.
    """
    if not len(lengths):
        return []
    n_known = lengths if n_known is None else n_known
    n_selected = masks.sum(axis=1)
    weights = np.ones(len(lengths)) if weights is None else weights
    found = [*_empty(clf, n_selected, n_known)]
    asked_for = SelectionAsked.of(clf)
    if asked_for.style.of_segments and not of_units:
        return found
    asked, limit = asked_for.rationale_length, asked_for.limit_of_transitions(lengths)
    if asked is not None:
        if isinstance(asked, str):
            asked = float(np.average(auto_length(torch.from_numpy(lengths)), weights=weights))
        found += _length(
            clf, n_selected, lengths, asked=asked, n_known=n_known, weights=weights,
            n_errors=n_errors,
        )  # fmt: skip
    if limit is not None:
        words = torch.from_numpy(np.arange(masks.shape[1]) < lengths[:, None])
        n = n_transitions(torch.from_numpy(masks.astype(float)), words).numpy()
        mean = float(np.average(n, weights=weights))
        if mean > (1 + _MISSED) * limit + 2 / len(n) + n_errors * n.std() / np.sqrt(len(n)):
            found.append(
                f"rationales have {mean:.1f} transitions as a mean, and max_transitions={limit:g}: "
                "raise it, or give sampler=TopK(contiguous=True), which selects one span"
            )
    return found


def _empty(clf: Any, n_selected: np.ndarray, n_known: np.ndarray) -> Iterator[str]:
    n, n_empty = len(n_selected), int((n_selected == 0).sum())
    if n_empty <= max(_FEW_EMPTY, _MANY_EMPTY * n):
        return
    if 2 * int((n_known == 0).sum()) > n_empty:
        remedy = "most of these have no known word, so give texts with words, or a lower min_df"
    elif clf.lambda1 is None or clf.rationale_length is not None:
        remedy = "give sampler='top_k', which selects words in every text, or train longer"
    else:
        remedy = f"lower lambda1={clf.lambda1:g}"
        remedy += f" or lambda2={clf.lambda2:g}" if clf.lambda2 else ""
        remedy += ", or give rationale_length in place of penalties"
    yield f"no word is selected in {n_empty:,} of {n:,} texts: {remedy}"


def _length(
    clf: Any,
    n_selected: np.ndarray,
    lengths: np.ndarray,
    *,
    asked: float,
    n_known: np.ndarray,
    weights: np.ndarray,
    n_errors: float,
) -> Iterator[str]:
    longest, given = clf.max_rationale_length, clf.rationale_length or "auto"
    slack = weights.max() / weights.sum()  # a word of the heaviest document
    if is_share(asked):
        there = np.maximum(lengths, 1)
        n_selected, n_known = n_selected / there, n_known / there
        weights = weights * (lengths > 0)
        slack /= there.min()
    if not weights.sum():
        return
    # A text has one unit at least, however small the share.
    most = asked
    if is_share(asked):
        most = float(np.average(np.maximum(asked, 1 / np.maximum(lengths, 1)), weights=weights))
    slack += n_errors * n_selected.std() / np.sqrt(len(lengths))
    mean = float(np.average(n_selected, weights=weights))
    # Where documents have few words, no more can be asked for.
    least = min(asked, float(np.average(np.minimum(n_known, asked), weights=weights)))
    if mean < (1 - _MISSED) * least - slack:
        remedy = "give sampler='top_k', or train longer"
        if longest is not None:
            remedy = f"raise max_rationale_length={longest:g}, which shortens some, or {remedy}"
    elif mean > (1 + _MISSED) * most + slack:
        remedy = "give sampler='top_k', or train longer, where many words have the same score"
    else:
        return
    shown = f"{100 * mean:.3g} % of a text" if is_share(asked) else f"{mean:.3g} words"
    yield f"rationales have {shown} as a mean, and rationale_length={given!r}: {remedy}"


def without_effect(clf: Any, config: NetworkConfig, *, validation_given: bool) -> Iterator[str]:
    """Return the parameters that were changed and had no effect, with a remedy each."""
    sampler, longest = config.sampler, clf.max_rationale_length
    one_window = isinstance(sampler, TopK) and sampler.contiguous
    starts = config.initialization

    def changed(estimator: Any, name: str) -> bool:
        default = inspect.signature(type(estimator).__init__).parameters[name].default
        return getattr(estimator, name) != default

    if clf.rationale_length is not None and changed(clf, "lambda1"):
        yield (
            f"lambda1={clf.lambda1:g} has no effect with rationale_length="
            f"{clf.rationale_length!r}, for which training finds the penalty: leave one of them out"
        )
    if clf.free_length is not None and not clf.lambda1:
        given = f"with lambda1={clf.lambda1}"
        yield f"free_length={clf.free_length:g} has no effect {given}: raise lambda1"
    if clf.lambda2 and clf.max_transitions is not None:
        yield (
            f"lambda2={clf.lambda2:g} has no effect with max_transitions="
            f"{clf.max_transitions:g}, which replaces it: leave one of them out"
        )
    if one_window and (clf.lambda2 or (clf.max_transitions or 0) >= 2):
        name = "max_transitions" if clf.max_transitions is not None else "lambda2"
        yield (
            f"{name}={getattr(clf, name):g} has no effect with sampler={sampler!r}, which selects "
            "one span: leave it out"
        )
    if longest is not None and longest >= clf.max_length:
        yield (
            f"max_rationale_length={longest:g} has no effect with max_length={clf.max_length}: "
            "lower it, or leave it out"
        )
    elif (
        longest is not None
        and sampler.module.has_budget
        and not isinstance(config.rationale_length, str)
        and is_share(longest) == is_share(clf.rationale_length)
    ):
        yield (
            f"max_rationale_length={longest:g} has no effect with sampler={sampler!r}, which "
            f"never selects more than rationale_length={clf.rationale_length!r}: leave it out"
        )
    if clf.vocabulary is not None and changed(clf, "min_df"):
        yield f"min_df={clf.min_df} has no effect with a vocabulary: leave one of them out"
    if config.encoder.reads_pieces:
        if clf.embeddings is not None:
            yield (
                "embeddings has no effect with a transformer, which has vectors of its own: leave "
                "it out"
            )
        if changed(config.predictor, "hidden_size"):
            yield (
                f"hidden_size={config.predictor.hidden_size} of predictor has no effect with a "
                "transformer, which has layers enough: leave it out"
            )
        if changed(config.training, "dropout"):
            yield (
                f"dropout={config.training.dropout:g} of training has no effect with a "
                "transformer, which has its own: give dropout of encoder, or leave it out"
            )
    if not config.encoder.has_context:
        for name in ("embeddings", "predictor"):
            if getattr(clf, name) is not None:
                yield (
                    f"{name} has no effect with encoder=None, which has a linear path only: give "
                    "an encoder such as 'cnn', or leave it out"
                )
        if config.rationale_length is not None and isinstance(
            OBJECTIVES.find(clf.objective), EncodingPenalty
        ):
            yield (
                f"objective={clf.objective!r} has no effect with encoder=None and a length, where "
                "training does not change which words rank first: give an encoder such as 'cnn', "
                "or leave it out"
            )
    embeddings = clf.embeddings if isinstance(clf.embeddings, list | tuple) else [clf.embeddings]
    if all(source is None for source in embeddings) and changed(clf, "max_unseen_words"):
        yield (
            f"max_unseen_words={clf.max_unseen_words} has no effect with embeddings=None: give "
            "word vectors, or leave it out"
        )
    if isinstance(starts, LinearInit) and starts.bigrams == "whole" and not starts.class_focus:
        yield (
            "bigrams='whole' of initialization has no effect with class_focus=0: raise "
            "class_focus, or give True"
        )
    if validation_given and changed(config.training, "validation_fraction"):
        yield (
            f"validation_fraction={config.training.validation_fraction:g} of training has no "
            "effect with validation_data: leave one of them out"
        )

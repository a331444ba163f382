"""What the network gives for a batch."""

from __future__ import annotations

from typing import NamedTuple

import torch

from sklearn_irx.nn.sampler import Selection


class ModelOutput(NamedTuple):
    """The output of the network for a batch.

    Attributes
    ----------
    logits : Tensor of shape (batch, n_classes)
        Of the classes.
    selection : Selection
        The words that the predictor saw, and the unknown words of passages.
    scores : Tensor of shape (batch, n_units, n_scores) or None
        Of the selector, unless a mask was given.
    selectable : Tensor of shape (batch, n_units) or None
        True for units, mostly words, that may be selected.
    aside : tuple of Tensors of shape (batch, n_classes)
        Other logits of the same documents, which an objective of training needs.
    whole_logits : Tensor of shape (batch, n_classes) or None
        In training, those of the selector's reader of whole documents, if it has one.
    others : tuple of ModelOutput
        In training, what comes of the selections of other selectors, which count as much.
    """

    logits: torch.Tensor
    selection: Selection
    scores: torch.Tensor | None = None
    selectable: torch.Tensor | None = None
    aside: tuple[torch.Tensor, ...] = ()
    whole_logits: torch.Tensor | None = None
    others: tuple[ModelOutput, ...] = ()

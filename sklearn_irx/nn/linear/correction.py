"""What a selector of words alone learns from the rationales of people."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear.prior import DocumentPrior, SelectionPrior
from sklearn_irx.text import UNKNOWN


class SelectionCorrection(nn.Module):
    """A trained number for each known word, to be added to its selection logit.

    All start at zero. Where the prior is averaged over neighbouring words, so is the correction.
    """

    def __init__(self, n_words: int) -> None:
        super().__init__()
        self.weights = nn.Embedding(n_words, 1, padding_idx=UNKNOWN, sparse=True)
        nn.init.zeros_(self.weights.weight)

    def forward(self, batch: PackedBatch, prior: SelectionPrior | DocumentPrior) -> torch.Tensor:
        """Return what is added to the logits of `prior`, (batch, length)."""
        n_words = self.weights.num_embeddings
        of_unique = self.weights(torch.where(batch.unique < n_words, batch.unique, UNKNOWN))
        values = F.embedding(batch.padded_inverse, of_unique)
        if isinstance(prior, DocumentPrior) and prior.smoothing is not None:
            values = prior.smoothing(values, batch.words)
        return values.squeeze(2)

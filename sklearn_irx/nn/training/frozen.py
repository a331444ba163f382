"""What the frozen layers of a transformer make of documents, computed once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from sklearn_irx._stages import step
from sklearn_irx.nn.contextual import PieceBatch
from sklearn_irx.nn.transformer import Transformer
from sklearn_irx.text import Documents, inference_batches
from sklearn_irx.text.tokenized import padded_rows, word_positions


class FrozenStates(NamedTuple):
    """States of pieces, in 16 bits.

    Attributes
    ----------
    states : ndarray of shape (n_states_in_all, hidden_size), dtype float16
        Of all documents, end to end: see :meth:`Transformer.frozen_states`.
    lengths : ndarray of shape (n_documents,), dtype int64
        Number of states of each document.
    """

    states: np.ndarray
    lengths: np.ndarray

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Return those of some documents, (n_rows, most states, hidden_size)."""
        lengths = self.lengths[rows]
        starts = (np.cumsum(self.lengths) - self.lengths)[rows]
        return padded_rows(self.states[word_positions(starts, lengths)], lengths)


@torch.no_grad()
def compute_frozen(transformer: Transformer, documents: Documents, batch_size: int) -> FrozenStates:
    """Let the frozen layers of a transformer read documents."""
    device = next(transformer.parameters()).device
    sizes = torch.from_numpy(documents.sizes).to(device)
    lengths = transformer.n_states(sizes).cpu().numpy()
    ends = np.cumsum(lengths)
    kept = np.empty((int(lengths.sum()), transformer.hidden_size), dtype=np.float16)
    for rows in inference_batches(documents.sizes, batch_size):
        found = documents.batch(rows)
        batch = PieceBatch(*(torch.from_numpy(found[k]).to(device) for k in ("pieces", "owners")))
        frozen = transformer.frozen_states(batch.pieces, batch.n_pieces)
        for row, states in zip(rows, frozen, strict=True):
            kept[ends[row] - lengths[row] : ends[row]] = states.to(torch.float16).cpu().numpy()
            step()
    return FrozenStates(kept, lengths)

"""Class-wise rationales: as many words as a network selects, chosen to support given classes."""

from __future__ import annotations

import numpy as np
import torch

from sklearn_irx.nn.inference import predict
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import UNKNOWN, Documents, inference_batches

_BATCH_SIZE = 256


@torch.inference_mode()
def class_masks(
    module: Rationalizer, documents: Documents, masks: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Select words that support classes, as many as each mask has.

    With a linear initialization, words rank by their weights for the class in the selection prior.
    Without one, they rank by how much the predictor raises the log probability of the class when it
    reads a word alone. The rationales have the form of the network's own: one window, or as few
    spans for as much.

    Parameters
    ----------
    module : Rationalizer
        The network.
    documents : Documents
        To select from.
    masks : ndarray of shape (n_documents, at least the longest document), dtype bool
        What the network itself selects: as many words are selected for each class.
    targets : ndarray of shape (n_documents, n_targets), dtype int
        Numbers of classes.

    Returns
    -------
    selected : ndarray of shape (n_documents, n_targets, longest document), dtype bool

    References
    ----------
    S. Chang et al., "A Game Theoretic Approach to Class-wise Selective Rationalization", NeurIPS
    2019, for rationales of each class; how they are found there is another.
    """
    device = module.unseen.device
    n_targets = targets.shape[1]
    selected = np.zeros((len(documents), n_targets, documents.lengths.max(initial=0)), dtype=bool)
    alone = None if module.selector.prior is not None else _WordsAlone(module, documents)
    for rows in inference_batches(documents.lengths, _BATCH_SIZE):
        ids = torch.from_numpy(documents.padded(rows)).to(device)
        weights = module.class_weights(ids) if alone is None else alone.support(ids)
        numbers = torch.from_numpy(targets[rows]).to(device).unsqueeze(1)
        preferences = weights.gather(2, numbers.expand(-1, ids.shape[1], -1))
        n = torch.from_numpy(masks[rows].sum(axis=1)).to(device)
        found = module.select_by(ids, preferences, n).transpose(1, 2).cpu().numpy()
        width = documents.lengths[rows].max()
        selected[rows, :, :width] = found[:, :, :width]
    return selected


class _WordsAlone:
    """What a predictor says of each word alone, for the words of some documents."""

    def __init__(self, module: Rationalizer, documents: Documents) -> None:
        ids = np.unique(documents.ids[documents.ids > UNKNOWN])
        words = Documents(np.append(ids, UNKNOWN), np.ones(len(ids) + 1, dtype=np.int64))
        probabilities, _ = predict(module, words, np.ones((len(words), 1), dtype=bool))
        logs = np.log(probabilities.clip(min=np.finfo(float).tiny))
        # The predictor sees nothing of the unknown word: that is the prediction from no words.
        self._raised = torch.from_numpy(logs - logs[-1]).to(module.unseen.device, torch.float32)
        self._ids = torch.from_numpy(ids).to(module.unseen.device)

    def support(self, ids: torch.Tensor) -> torch.Tensor:
        """Return by how much each word of ids (batch, length) raises each log probability.

        (batch, length, n_classes), in nats; 0 for unknown words.
        """
        places = torch.searchsorted(self._ids, ids.to(self._ids.dtype))
        return self._raised[torch.where(ids > UNKNOWN, places, len(self._ids))]

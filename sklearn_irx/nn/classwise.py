"""Class-wise rationales: as many words as a network selects, chosen to support given classes."""

from __future__ import annotations

import numpy as np
import torch

from sklearn_irx.nn.inference import predict
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import Documents, inference_batches


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
    for rows in inference_batches(documents.sizes, module.config.documents_at_once):
        X = {name: torch.from_numpy(a).to(device) for name, a in documents.batch(rows).items()}
        ids = X["ids"]
        weights = module.class_weights(**X) if alone is None else alone.support(rows)
        numbers = torch.from_numpy(targets[rows]).to(device).unsqueeze(1)
        preferences = weights.gather(2, numbers.expand(-1, ids.shape[1], -1))
        own = torch.from_numpy(masks[rows][:, : ids.shape[1]]).to(device)
        found = module.select_by(preferences=preferences, masks=own, **X)
        width = documents.lengths[rows].max()
        selected[rows, :, :width] = found.transpose(1, 2).cpu().numpy()[:, :, :width]
    return selected


class _WordsAlone:
    """What a predictor says of each word alone, for the words of some documents."""

    def __init__(self, module: Rationalizer, documents: Documents) -> None:
        pieces = documents.pieces
        words = documents.ids if pieces is None else pieces.segments[:, 0]
        _, first, numbers = np.unique(words, return_index=True, return_inverse=True)
        self._numbers = Documents(1 + numbers, documents.lengths)
        lengths = np.ones(len(first) + 1, dtype=np.int64)
        lengths[-1] = 0  # of no word
        alone = documents.at(first, lengths)
        probabilities, _ = predict(module, alone, np.ones((len(alone), 1), dtype=bool))
        logs = np.log(probabilities.clip(min=np.finfo(float).tiny))
        raised = np.vstack([np.zeros_like(logs[:1]), logs[:-1] - logs[-1]])
        self._raised = torch.from_numpy(raised).to(module.unseen.device, torch.float32)

    def support(self, rows: np.ndarray) -> torch.Tensor:
        """Return by how much each word of documents raises each log probability.

        (n_rows, length, n_classes), in nats; 0 past the end, and for unknown words.
        """
        return self._raised[torch.from_numpy(self._numbers.padded(rows)).to(self._raised.device)]

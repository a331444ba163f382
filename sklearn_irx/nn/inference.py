"""Prediction with a trained network."""

from __future__ import annotations

import numpy as np
import torch

from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.text import Documents, inference_batches


@torch.inference_mode()
def predict(
    module: Rationalizer,
    documents: Documents,
    masks: np.ndarray | None = None,
    *,
    folds: np.ndarray | None = None,
    scores: bool = False,
) -> tuple[np.ndarray, ...]:
    """Predict documents with a trained network, on its device.

    Parameters
    ----------
    module : Rationalizer
        The network.
    documents : Documents
        To predict.
    masks : ndarray of shape (n_documents, at least the longest document), dtype bool, default=None
        The words the predictor may see. None asks the selector.
    folds : ndarray of shape (n_documents,), dtype int, default=None
        Folds of the documents, while the network still has fold weights.
    scores : bool, default=False
        Whether to return selection scores, too.

    Returns
    -------
    probabilities : ndarray of shape (n_documents, n_classes), dtype float64
        Class probabilities from the selected words.
    selected : ndarray of shape (n_documents, longest document), dtype bool
        The masks that were used.
    scores : ndarray of shape (n_documents, longest document), dtype float64
        Only with ``scores=True``: see :meth:`SamplerModule.selection_scores`. nan past the end of a
        document, and everywhere if masks were given.
    """
    if module.training:
        module.eval()
    device = module.unseen.device
    probabilities = np.empty((len(documents), module.shape.n_classes))
    selected = np.zeros((len(documents), documents.lengths.max(initial=0)), dtype=bool)
    word_scores = np.full(selected.shape if scores else (0, 0), np.nan)
    for rows in inference_batches(documents.sizes, module.config.documents_at_once):
        X = {name: torch.from_numpy(a).to(device) for name, a in documents.batch(rows).items()}
        mask = None
        if masks is not None:
            mask = torch.from_numpy(masks[rows][:, : X["ids"].shape[1]]).float().to(device)
        fold = None if folds is None else torch.from_numpy(folds[rows]).to(device)
        output = module(fold=fold, mask=mask, **X)
        # Softmax in 64 bits, so that each row sums to one as scikit-learn's metrics expect.
        probabilities[rows] = torch.softmax(output.logits.cpu().double(), dim=1).numpy()
        width = documents.lengths[rows].max()
        chosen = output.selection.mask > 0.5
        selected[rows, :width] = chosen.cpu().numpy()[:, :width]
        if scores and output.scores is not None and output.selectable is not None:
            units = output.selection.units
            values = module.sampler.selection_scores(
                output.scores, output.selectable, units.any(chosen)
            )
            word_scores[rows, :width] = units.to_words(values).numpy()[:, :width]
    if not scores:
        return probabilities, selected
    word_scores[np.arange(word_scores.shape[1]) >= documents.lengths[:, None]] = np.nan
    return probabilities, selected, word_scores

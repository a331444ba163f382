"""Training and reading, on top of skorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from skorch.helper import predefined_split
from torch import nn

from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.batches import LabelledDocuments, TrainingBatches, ValidationBatches
from sklearn_irx.nn.training.callbacks import DecoupledLearningRate
from sklearn_irx.nn.training.length_control import FixedPrice, Multiplier
from sklearn_irx.nn.training.net import RationaleNet
from sklearn_irx.nn.training.optimizer import RowAdam
from sklearn_irx.text import Documents, inference_batches

INFERENCE_BATCH_SIZE = 256
_RANKING_SPEED = 10.0  # the two numbers of the ranking learn so much faster than the weights


def make_net(
    module: Rationalizer,
    validation: LabelledDocuments | None,
    *,
    prices: tuple[FixedPrice | Multiplier, FixedPrice | Multiplier],
    class_weights: np.ndarray,
    callbacks: list[Any],
    learning_rate: float,
    predictor_learning_rate: float | str | None,
    weight_decay: float,
    batch_size: int,
    max_epochs: int,
    random_state: np.random.RandomState,
    device: str,
) -> RationaleNet:
    """Make what trains a network in place.

    Parameters
    ----------
    module : Rationalizer
        The network.
    validation : LabelledDocuments or None
        What to compare epochs on.
    prices : tuple of FixedPrice or Multiplier
        What a selected word and a border cost.
    callbacks : list of skorch callbacks
        Those of the method and those of the user.
    random_state : RandomState
        Shuffles the documents.
    **others
        See :class:`~sklearn_irx.SelectiveRationaleClassifier`.
    """
    predictor_rate = learning_rate
    if predictor_learning_rate == "decoupled":
        callbacks = [DecoupledLearningRate(), *callbacks]
    elif predictor_learning_rate is not None:
        predictor_rate = float(predictor_learning_rate)
    word_price, border_price = prices
    return RationaleNet(
        module,
        criterion=nn.CrossEntropyLoss,
        criterion__weight=torch.tensor(class_weights, dtype=torch.float32),
        criterion__reduction="none",
        optimizer=RowAdam,
        optimizer__fused=device.startswith(("cpu", "cuda")),
        optimizer__weight_decay=weight_decay,
        optimizer__param_groups=[
            ("selector.ranking.*", {"lr": _RANKING_SPEED * learning_rate, "name": "ranking"}),
            ("predictor.*", {"lr": predictor_rate, "name": "predictor"}),
        ],
        lr=learning_rate,
        word_price=word_price,
        border_price=border_price,
        batch_size=batch_size,
        max_epochs=max_epochs,
        iterator_train=TrainingBatches,
        iterator_train__random_state=random_state,
        iterator_valid=ValidationBatches,
        iterator_valid__batch_size=INFERENCE_BATCH_SIZE,
        train_split=None if validation is None else predefined_split(validation),
        callbacks=callbacks,
        device=device,
        verbose=0,
    )


def train(net: RationaleNet, training: LabelledDocuments) -> None:
    """Train a network for the epochs that remain.

    Without documents to validate on, rationales are made as long as asked for on those of training.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts.
    """
    _keep_freed_memory()
    net.partial_fit(training)
    if net.interrupted:
        raise KeyboardInterrupt
    if net.train_split is None:
        net.fit_selection(ValidationBatches(training, INFERENCE_BATCH_SIZE))


def _keep_freed_memory() -> None:
    """Let the C library keep what each step frees for the next one.

    glibc gives blocks larger than any freed so far back to the system, and new ones arrive as
    pages to be filled with zeros, which takes a tenth of a step. So one block is freed that is as
    large as glibc will learn from, 32 MiB. It was never touched, and takes no memory.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def check_device(device: str) -> str:
    """Give the device that a parameter names, or say that it is not there."""
    picked = pick_device(device)
    try:
        torch.empty(0, device=picked)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} is not to be had here ({str(error).splitlines()[0]}): give 'auto' "
            "or 'cpu'."
        ) from error
    return picked


def pick_device(device: str) -> str:
    """Give the device that ``"auto"`` stands for on this machine: CUDA, else MPS, else the CPU."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@torch.inference_mode()
def read(
    module: Rationalizer,
    documents: Documents,
    masks: np.ndarray | None = None,
    *,
    folds: np.ndarray | None = None,
    scores: bool = False,
) -> tuple[np.ndarray, ...]:
    """Let a trained network read documents.

    Parameters
    ----------
    module : Rationalizer
        On the device where it shall compute.
    documents : Documents
        What to read.
    masks : ndarray of shape (n_documents, at least the longest document), dtype bool, default=None
        The words the predictor may see. None asks the network's own selector.
    folds : ndarray of shape (n_documents,), dtype int, default=None
        Before the folds of a linear start are forgotten: those of the documents, if it has seen
        them.
    scores : bool, default=False
        Whether to give the scores of words, too.

    Returns
    -------
    probabilities : ndarray of shape (n_documents, n_classes), dtype float64
        Class probabilities from the selected words.
    selected : ndarray of shape (n_documents, longest document), dtype bool
        The masks that were used.
    scores : ndarray of shape (n_documents, longest document), dtype float64
        Only if asked for: what the sampler's ``selection_scores`` are, nan past the end of a
        document, and everywhere if the selector was not asked.
    """
    module.eval()
    device = module.predictor.output.weight.device
    probabilities = np.empty((len(documents), module.predictor.output.out_features))
    selected = np.zeros((len(documents), documents.lengths.max(initial=0)), dtype=bool)
    said = np.full(selected.shape if scores else (0, 0), np.nan)
    for rows in inference_batches(documents.lengths, INFERENCE_BATCH_SIZE):
        ids = torch.from_numpy(documents.padded(rows)).to(device)
        mask = None
        if masks is not None:
            mask = torch.from_numpy(masks[rows][:, : ids.shape[1]]).float().to(device)
        fold = None if folds is None else torch.from_numpy(folds[rows]).to(device)
        reading = module(ids, fold, mask)
        # Softmax in 64 bits, so that each row sums to one as scikit-learn's metrics expect.
        probabilities[rows] = torch.softmax(reading.logits.cpu().double(), dim=1).numpy()
        width = documents.lengths[rows].max()
        chosen = reading.selection.mask > 0.5
        selected[rows, :width] = chosen.cpu().numpy()[:, :width]
        if scores and reading.scores is not None and reading.known is not None:
            of_words = module.sampler.selection_scores(reading.scores, reading.known, chosen)
            said[rows, :width] = of_words.numpy()[:, :width]
    if not scores:
        return probabilities, selected
    said[np.arange(said.shape[1]) >= documents.lengths[:, None]] = np.nan
    return probabilities, selected, said

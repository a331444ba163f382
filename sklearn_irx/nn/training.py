"""Training and reading, on top of skorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PassthroughScoring
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import Dataset

from sklearn_irx.nn.callbacks import DecoupledLearningRate
from sklearn_irx.nn.length_control import FixedPrice, Multiplier, fit_selection
from sklearn_irx.nn.optimizer import RowAdam
from sklearn_irx.nn.rationalizer import Rationalizer, Reading
from sklearn_irx.nn.samplers import IndependentSampler
from sklearn_irx.text import PADDING, UNKNOWN, Documents, inference_batches, training_batches

INFERENCE_BATCH_SIZE = 256
_RANKING_SPEED = 10.0  # the two numbers of the ranking learn so much faster than the weights


class LabelledDocuments(Dataset):
    """Documents with their class numbers and, for those a linear start was fitted on, folds."""

    def __init__(self, documents: Documents, y: np.ndarray, folds: np.ndarray | None = None):
        self.documents = documents
        self.y = y
        self.folds = folds

    def __len__(self) -> int:
        return len(self.y)

    def batch(self, rows: np.ndarray) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Give the documents at `rows` as skorch wants a batch."""
        X = {"ids": torch.from_numpy(self.documents.padded(rows))}
        if self.folds is not None:
            X["fold"] = torch.from_numpy(self.folds[rows])
        return X, torch.from_numpy(self.y[rows])


class TrainingBatches:
    """Batches of documents of like length, shuffled anew for each epoch."""

    def __init__(
        self, dataset: LabelledDocuments, batch_size: int, random_state: np.random.RandomState
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.random_state = random_state

    def __iter__(self) -> Iterator[Any]:
        lengths = self.dataset.documents.lengths
        for rows in training_batches(lengths, self.batch_size, self.random_state):
            yield self.dataset.batch(rows)

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)


class ValidationBatches:
    """Batches of documents of like length, in the same order every time."""

    def __init__(self, dataset: LabelledDocuments, batch_size: int) -> None:
        self.dataset = dataset
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[Any]:
        for rows in inference_batches(self.dataset.documents.lengths, self.batch_size):
            yield self.dataset.batch(rows)


class RationaleNet(NeuralNet):
    """skorch's training loop with the loss of a rationale model.

    Parameters
    ----------
    word_price, border_price : FixedPrice or Multiplier
        What a selected word and a border cost.
    **kwargs
        As :class:`skorch.NeuralNet` takes them.

    Attributes
    ----------
    full_text : bool
        While True, the predictor is trained on all words and the selector not at all.
    penalty_scale : float
        Both prices are multiplied by it in training. In validation they always count in full, so
        that the validation losses of all epochs compare. A price that is found in training does
        not count there: all epochs are compared at the same length.
    interrupted : bool
        Whether training ended by Ctrl-C, which skorch takes for an ordinary end.
    """

    def __init__(
        self,
        *args: Any,
        word_price: FixedPrice | Multiplier,
        border_price: FixedPrice | Multiplier,
        **kwargs: Any,
    ) -> None:
        self.word_price = word_price
        self.border_price = border_price
        self.full_text = False
        self.penalty_scale = 1.0
        self.interrupted = False
        super().__init__(*args, **kwargs)

    @property
    def _default_callbacks(self) -> list[tuple[str, Any]]:
        return [
            ("epoch_timer", EpochTimer()),
            ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring("valid_loss")),
            *(
                (f"{part}_{what}", PassthroughScoring(f"{part}_{what}", on_train=part == "train"))
                for part in ("train", "valid")
                for what in ("accuracy", "words", "borders", "share", "empty")
            ),
        ]

    def infer(self, x: dict[str, torch.Tensor], **fit_params: Any) -> Reading:  # noqa: D102
        if self.full_text and self.module_.training:
            x = {**x, "mask": (x["ids"] > max(PADDING, UNKNOWN)).float()}
        return super().infer(x, **fit_params)

    def get_loss(  # noqa: D102
        self,
        y_pred: Reading,
        y_true: torch.Tensor,
        X: dict[str, torch.Tensor],
        training: bool = False,
    ) -> torch.Tensor:
        logits, selection = y_pred
        y_true = y_true.to(logits.device)
        words = X["ids"].to(logits.device) != PADDING
        losses = super().get_loss(logits, y_true, X, training=training)
        losses = losses / self.criterion_.weight[y_true].mean()
        loss = losses.mean()

        part = "train" if training else "valid"
        for what, value in (
            ("accuracy", (logits.argmax(dim=1) == y_true).float().mean()),
            ("words", selection.n_selected.mean()),
            ("borders", selection.n_borders.mean()),
            ("share", selection.n_selected.sum() / words.sum().clamp(min=1)),
            ("empty", (~(selection.mask > 0.5).any(dim=1)).float().mean()),
        ):
            self.history.record_batch(f"{part}_{what}", value.item())

        for price, n in (
            (self.word_price, selection.n_selected),
            (self.border_price, selection.n_borders),
        ):
            if training and self.penalty_scale > 0:
                loss = loss + price.cost(n, words, self.penalty_scale)
                price.update(n, words, self.penalty_scale)
            elif not training and isinstance(price, FixedPrice):
                loss = loss + price.cost(n, words, 1.0)
        if training:
            surrogate = self.module_.sampler.surrogate_loss(selection, losses)
            if isinstance(surrogate, torch.Tensor):
                loss = loss + (surrogate - surrogate.detach())  # a gradient, not a loss
        return loss

    def run_single_epoch(  # noqa: D102
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        asked = [price.target for price in (self.word_price, self.border_price)]
        independent = isinstance(self.module_.sampler, IndependentSampler)
        if not training and independent and asked != [None, None]:
            # On validation texts, as a linear start knows the training texts too well.
            batches = (
                {name: value.to(self.device) for name, value in X.items()} for X, _ in iterator
            )
            fit_selection(self.module_, batches, *asked)
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        if training:
            self.history.record("lambda1", self.word_price.price)
            self.history.record("lambda2", self.border_price.price)

    def fit_loop(self, *args: Any, **kwargs: Any) -> RationaleNet:  # noqa: D102
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self.interrupted = True
            raise


def train(
    module: Rationalizer,
    training: LabelledDocuments,
    validation: LabelledDocuments,
    *,
    word_price: FixedPrice | Multiplier,
    border_price: FixedPrice | Multiplier,
    class_weights: np.ndarray,
    callbacks: list[Any],
    learning_rate: float,
    predictor_learning_rate: float | str | None,
    weight_decay: float,
    batch_size: int,
    max_epochs: int,
    random_state: np.random.RandomState,
    device: str,
) -> Any:
    """Train a network in place.

    Parameters
    ----------
    module : Rationalizer
        The network. Afterwards it is ready to read.
    training, validation : LabelledDocuments
        What to learn from, and what to compare epochs on.
    word_price, border_price : FixedPrice or Multiplier
        What a selected word and a border cost.
    callbacks : list of skorch callbacks
        Those of the method and those of the user.
    **others
        See :class:`~sklearn_irx.SelectiveRationaleClassifier`.

    Returns
    -------
    history : skorch.history.History
        A row for each epoch.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts.
    """
    predictor_rate = learning_rate
    if predictor_learning_rate == "decoupled":
        callbacks = [DecoupledLearningRate(), *callbacks]
    elif predictor_learning_rate is not None:
        predictor_rate = float(predictor_learning_rate)
    net = RationaleNet(
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
        train_split=predefined_split(validation),
        callbacks=callbacks,
        device=device,
        verbose=0,
    )
    _keep_freed_memory()
    net.fit(training, y=None)
    if net.interrupted:
        raise KeyboardInterrupt
    module.forget_folds()
    module.eval()
    return net.history


def _keep_freed_memory() -> None:
    """Let the C library keep what each step frees for the next one.

    glibc gives blocks larger than any freed so far back to the system, and new ones arrive as
    pages to be filled with zeros, which takes a tenth of a step. So one block is freed that is as
    large as glibc will learn from, 32 MiB. It was never touched, and takes no memory.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def pick_device(device: str) -> str:
    """Give the device that ``"auto"`` stands for on this machine: CUDA, else MPS, else the CPU."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@torch.inference_mode()
def read(
    module: Rationalizer, documents: Documents, masks: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Let a trained network read documents.

    Parameters
    ----------
    module : Rationalizer
        On the device where it shall compute.
    documents : Documents
        What to read.
    masks : ndarray of shape (n_documents, at least the longest document), dtype bool, default=None
        The words the predictor may see. None asks the network's own selector.

    Returns
    -------
    probabilities : ndarray of shape (n_documents, n_classes), dtype float64
        Class probabilities from the selected words.
    selected : ndarray of shape (n_documents, longest document), dtype bool
        The masks that were used.
    """
    module.eval()
    device = module.predictor.output.weight.device
    probabilities = np.empty((len(documents), module.predictor.output.out_features))
    selected = np.zeros((len(documents), documents.lengths.max(initial=0)), dtype=bool)
    for rows in inference_batches(documents.lengths, INFERENCE_BATCH_SIZE):
        ids = torch.from_numpy(documents.padded(rows)).to(device)
        mask = None
        if masks is not None:
            mask = torch.from_numpy(masks[rows][:, : ids.shape[1]]).float().to(device)
        reading = module(ids, mask=mask)
        # Softmax in 64 bits, so that each row sums to one as scikit-learn's metrics expect.
        probabilities[rows] = torch.softmax(reading.logits.cpu().double(), dim=1).numpy()
        width = documents.lengths[rows].max()
        selected[rows, :width] = reading.selection.mask.cpu().numpy()[:, :width] > 0.5
    return probabilities, selected

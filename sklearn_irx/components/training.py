"""Training: epochs, learning rates, regularization and checkpoints."""

from __future__ import annotations

import math
import os
import tempfile
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from skorch.helper import predefined_split
from torch import nn

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx.components.base import Component, Registry
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.kernels.precision import PRECISIONS
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.agreement import AGREEMENT
from sklearn_irx.nn.training.batches import LabelledDocuments, TrainingBatches, ValidationBatches
from sklearn_irx.nn.training.callbacks import RiseAndFall
from sklearn_irx.nn.training.net import RationaleNet
from sklearn_irx.nn.training.objectives import ObjectiveModule
from sklearn_irx.nn.training.optimizer import RowAdam
from sklearn_irx.nn.training.penalties import Penalty

_STEPS = 100  # that a linear path needs; all epochs together, at least 2 and at most 6
_PRIOR_SPEED = 10.0  # learning rate of the prior's gain and bias, relative to that of the weights
_CORRECTION_SPEED = 30.0  # of what it learns from people's rationales


class Training(Component):
    """Settings of training.

    Parameters
    ----------
    max_epochs : int or "auto", default="auto"
        Passes through the training texts. "auto" is 20 from scratch and 6 with a linear
        initialization, with a transformer 3; without an encoder 2 if they have a hundred steps,
        more for fewer texts.
    batch_size : int or "auto", default="auto"
        Documents of a training step. "auto" is 128, and 32 with a transformer.
    learning_rate : float or "auto", default="auto"
        Of Adam. "auto" is 1e-3, and 1e-2 without an encoder. A transformer has its own.
    predictor_learning_rate : float or None, default=None
        Of the predictor, except for weights that it shares with the selector. None is
        `learning_rate`.
    weight_decay : float, default=5e-6
        Of Adam.
    dropout : float, default=0.5
        Share of features dropped, in [0, 1).
    word_dropout : float, default=0.0
        Share of selected words hidden from the predictor, in [0, 1).
    rationale_weight : float, default=1.0
        Of what the selector learns from the `rationales` given to `fit`: the cross-entropy of
        selected and marked words, in nats, which is minimized beside the loss of the labels and is
        no part of the losses shown. In each document, marked words count as much as all others, and
        not how many there are. With 0 nothing is learned of them.
    patience : int, default=2
        After this number of epochs without a better one, the best weights return and the learning
        rate halves. Training ends with the best weights. Epochs of warm-up and ramp are not
        compared.
    compare_epochs_by : {"loss", "token_f1", "auprc"}, default="loss"
        Which epoch is better: that of the lower validation loss, or the one whose selection agrees
        better with the `rationales` of validation documents, by the F1 of words or by average
        precision (:func:`~sklearn_irx.metrics.auprc_score` with ``area="step"``).
    n_iter_no_change : int or None, default=None
        Training ends after this number of epochs without a better one. None goes through all
        `max_epochs`.
    warmup_epochs : int or "auto", default="auto"
        Epochs at the beginning in which the predictor sees all words and the selector rests.
        "auto" is 0 with a linear initialization or a warm start; else 3, of a transformer 1.
    ramp_epochs : int or "auto", default="auto"
        Epochs after the warm-up in which the penalties rise to their value. "auto" is as for
        `warmup_epochs`.
    validation_fraction : float, default=0.1
        Share of the training texts, of each class alike, held out to compare epochs. In the end
        the linear initialization learns from them too; never from `validation_data` of `fit`.
    text_length : int or None, default=None
        Words of a training text, at least `max_length`, that vocabulary, linear initialization and
        word vectors trained here are learned from. Selector and predictor learn from the first
        `max_length` only. None is `max_length`.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Of the factors of large matrix products, in training and at inference; sums and weights
        have 32 bits. "auto" is bfloat16 on a CPU or a CUDA device that multiplies such numbers in
        hardware.
    callbacks : list of skorch callbacks or None, default=None
        Added to the training loop, and discarded with it after `fit`. Gradients of word vectors are
        sparse: skorch's GradientNormClipping cannot clip them. One that raises
        KeyboardInterrupt, as skorch's EarlyStopping does, ends training.
    checkpoint_dir : str, path-like or None, default=None
        A folder where `fit` keeps the state of training after each epoch. Training that was cut
        off goes on there when `fit` is called again with the same parameters and documents, and
        ends with the same weights; it needs a `random_state`. Each training has a file of its own,
        three to four times as large as a saved model; delete them when they are no longer needed.
        `callbacks` begin anew when training goes on.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Training
    >>> clf = SelectiveRationaleClassifier(training=Training(learning_rate=1e-4))
    >>> clf.set_params(training__max_epochs=4)
    SelectiveRationaleClassifier(training=Training(learning_rate=0.0001, max_epochs=4))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "predictor_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "word_dropout": [Interval(Real, 0, 1, closed="left")],
        "rationale_weight": [Interval(Real, 0, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "compare_epochs_by": [StrOptions({"loss", *AGREEMENT})],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "warmup_epochs": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "ramp_epochs": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "text_length": [Interval(Integral, 1, None, closed="left"), None],
        "precision": [StrOptions(set(PRECISIONS))],
        "callbacks": [list, None],
        "checkpoint_dir": [str, os.PathLike, None],
    }

    def __init__(
        self,
        *,
        max_epochs: int | str = "auto",
        batch_size: int | str = "auto",
        learning_rate: float | str = "auto",
        predictor_learning_rate: float | None = None,
        weight_decay: float = 5e-6,
        dropout: float = 0.5,
        word_dropout: float = 0.0,
        rationale_weight: float = 1.0,
        patience: int = 2,
        compare_epochs_by: str = "loss",
        n_iter_no_change: int | None = None,
        warmup_epochs: int | str = "auto",
        ramp_epochs: int | str = "auto",
        validation_fraction: float = 0.1,
        text_length: int | None = None,
        precision: str = "auto",
        callbacks: list[Any] | None = None,
        checkpoint_dir: Any = None,
    ) -> None:
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.predictor_learning_rate = predictor_learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.rationale_weight = rationale_weight
        self.patience = patience
        self.compare_epochs_by = compare_epochs_by
        self.n_iter_no_change = n_iter_no_change
        self.warmup_epochs = warmup_epochs
        self.ramp_epochs = ramp_epochs
        self.validation_fraction = validation_fraction
        self.text_length = text_length
        self.precision = precision
        self.callbacks = callbacks
        self.checkpoint_dir = checkpoint_dir

    def check_checkpoint_dir(self, random_state: Any) -> None:
        """Raise ValueError if the folder is not writable, or `random_state` is None."""
        if self.checkpoint_dir is None:
            return
        folder = str(self.checkpoint_dir)
        if random_state is None:
            raise ValueError(
                f"checkpoint_dir={folder!r} and random_state=None: give random_state a number, or "
                "training that was cut off could not be told from another."
            )
        try:
            Path(self.checkpoint_dir).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.checkpoint_dir):
                pass
        except OSError as error:
            raise ValueError(
                f"checkpoint_dir={folder!r} cannot be written to ({error.strerror or error}): give "
                "a folder that can."
            ) from error

    def check_comparison(self, marks: np.ndarray | None) -> None:
        """Raise ValueError if epochs cannot be compared by the `marks` of validation documents."""
        if self.compare_epochs_by != "loss" and (marks is None or not (marks == 1).any()):
            raise ValueError(
                f"compare_epochs_by={self.compare_epochs_by!r}, and nobody marked a word of a "
                "validation document: give rationales of more documents, of which some are held "
                "out, or validation_data=(texts, labels, rationales); or 'loss'."
            )

    def n_words(self, max_length: int) -> int:
        """Return the number of words of a training text to learn from.

        Raises
        ------
        ValueError
            If `text_length` is below `max_length`.
        """
        if self.text_length is None:
            return max_length
        if self.text_length < max_length:
            raise ValueError(
                f"text_length={self.text_length} is less than max_length={max_length}: give at "
                "least as many words, or None."
            )
        return self.text_length

    def n_epochs(self, n_documents: int, config: NetworkConfig) -> int:
        """Return the number of epochs for a number of training documents."""
        if not isinstance(self.max_epochs, str):
            return self.max_epochs
        encoder = config.encoder
        if encoder.reads_pieces:
            return 3
        if config.initialization.from_scratch:
            return 20
        n_steps = math.ceil(n_documents / self.documents_of_step(config))
        return 6 if encoder.needs_vectors else min(6, max(2, math.ceil(_STEPS / n_steps)))

    def documents_of_step(self, config: NetworkConfig) -> int:
        """Return the number of documents of a batch."""
        if not isinstance(self.batch_size, str):
            return self.batch_size
        return 32 if config.encoder.reads_pieces else 128

    def curriculum(self, *, from_scratch: bool, of_pieces: bool = False) -> tuple[int, int]:
        """Return the numbers of epochs of warm-up and ramp."""
        auto = (1 if of_pieces else 3) if from_scratch else 0
        warmup, ramp = (
            auto if isinstance(epochs, str) else epochs
            for epochs in (self.warmup_epochs, self.ramp_epochs)
        )
        return warmup, ramp

    def build(
        self,
        module: Rationalizer,
        validation: LabelledDocuments | None,
        *,
        penalties: tuple[Penalty, Penalty],
        objective: ObjectiveModule | None = None,
        class_weights: np.ndarray,
        callbacks: list[Any],
        max_epochs: int,
        random_state: np.random.RandomState,
        device: str,
    ) -> RationaleNet:
        """Build the skorch net that trains `module` in place.

        `penalties` are of selected words and of transitions; without an `objective`, both networks
        minimize the cross-entropy. `random_state` shuffles the documents, and `device` is a torch
        device.
        """
        learning_rate = self.learning_rate
        encoder = module.config.encoder
        if isinstance(learning_rate, str):
            learning_rate = 1e-3 if encoder.has_context else 1e-2
        predictor_rate = learning_rate
        if self.predictor_learning_rate is not None:
            predictor_rate = float(self.predictor_learning_rate)
        objective = objective or ObjectiveModule()
        speeds = dict(objective.speeds)
        predictor_rate *= speeds.pop("predictor.*", 1.0)
        if encoder.reads_pieces and validation is not None:
            callbacks = [RiseAndFall(encoder.warmup_share), *callbacks]
        word_penalty, transition_penalty = penalties
        return RationaleNet(
            module,
            criterion=nn.CrossEntropyLoss,
            criterion__weight=torch.tensor(class_weights, dtype=torch.float32),
            criterion__reduction="none",
            optimizer=RowAdam,
            optimizer__fused=device.startswith(("cpu", "cuda")),
            optimizer__weight_decay=self.weight_decay,
            optimizer__param_groups=[
                *(encoder.parameter_groups(module.transformers[0]) if encoder.reads_pieces else []),
                (
                    "selector.prior.*",
                    {"lr": _PRIOR_SPEED * learning_rate, "name": "prior"},
                ),
                (
                    "selector.correction.*",
                    {"lr": _CORRECTION_SPEED * learning_rate, "name": "correction"},
                ),
                ("predictor.*", {"lr": predictor_rate, "name": "predictor"}),
                ("reader.*", {"lr": predictor_rate, "name": "reader"}),
                *((pattern, {"lr": speed * learning_rate}) for pattern, speed in speeds.items()),
            ],
            lr=learning_rate,
            word_penalty=word_penalty,
            transition_penalty=transition_penalty,
            objective=objective,
            rationale_weight=self.rationale_weight,
            batch_size=self.documents_of_step(module.config),
            accumulation=encoder.accumulation if encoder.reads_pieces else 1,
            max_epochs=max_epochs,
            iterator_train=TrainingBatches,
            iterator_train__random_state=random_state,
            iterator_valid=ValidationBatches,
            iterator_valid__batch_size=module.config.documents_at_once,
            train_split=None if validation is None else predefined_split(validation),
            callbacks=callbacks,
            device=device,
            verbose=0,
        )


TRAININGS = Registry("training", Training, {None: Training()})

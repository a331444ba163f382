"""Callbacks of the training loop."""

from __future__ import annotations

import math
from typing import Any

import torch
from skorch.callbacks import Callback
from torch import nn
from tqdm.auto import tqdm

from sklearn_irx.nn.training.penalties import TOLERANCE


def learned(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return what training changes in a network: weights, and buffers of sampler and encoders."""
    # Each once, under the first of its names: a part may be shared.
    names = [name for name, weight in module.named_parameters() if weight.requires_grad]
    names += [
        name
        for name, _ in module.named_buffers()
        if name.startswith("sampler.") or ".text_encoder.encoder." in name
    ]
    state = module.state_dict()
    return {name: state[name].detach().clone() for name in names if name in state}


class Curriculum(Callback):
    """Train on the full text first, then with penalties that rise step by step.

    From random weights and under full penalties, a selector tends to collapse to a word or two
    before the predictor has learned enough to need more.

    Parameters
    ----------
    warmup_epochs : int
        Epochs in which the predictor sees all words.
    ramp_epochs : int
        Epochs after these in which the penalties rise linearly.
    """

    def __init__(self, warmup_epochs: int, ramp_epochs: int) -> None:
        self.warmup_epochs = warmup_epochs
        self.ramp_epochs = ramp_epochs

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        after_warmup = len(net.history) - self.warmup_epochs
        net.full_text = after_warmup <= 0
        if after_warmup == 1:
            net.objective_.begin(net.module_)
        net.penalty_scale = min(1.0, max(0, after_warmup) / (self.ramp_epochs + 1))
        net.module_.sampler.pace = net.penalty_scale or 1.0


class BestWeights(Callback):
    """Restore the weights of the best epoch, and halve the learning rate.

    Both happen after `patience` epochs without improvement; training ends with the best weights
    (Dai et al., 2022). An epoch is better with a lower validation loss, or with a better agreement
    with people's rationales. Epochs within the limit of transitions, if there is one, are better
    than others.

    Parameters
    ----------
    patience : int
        In epochs.
    first_epoch : int
        Epochs before this one, counted from 1, belong to a curriculum and are not compared.
    by : {"loss", "token_f1", "auprc"}, default="loss"
        What is compared.
    """

    def __init__(self, patience: int, first_epoch: int = 1, by: str = "loss") -> None:
        self.patience = patience
        self.first_epoch = first_epoch
        self.by = by

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        self.best_loss_ = (float("inf"), float("inf"))
        self.best_weights_: dict[str, Any] = {}
        self.epochs_without_ = 0

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        excess = net.transition_penalty.excess(net.history[-1, "valid_transitions"])
        value = net.history[-1, f"valid_{self.by}"]
        loss = (max(0.0, excess - TOLERANCE), value if self.by == "loss" else -value)
        counts = len(net.history) >= self.first_epoch and not math.isnan(loss[1])
        best = counts and loss < self.best_loss_
        net.history.record("best", best)
        net.history.record("learning_rate", net.optimizer_.param_groups[-1]["lr"])
        if best:
            self.best_loss_ = loss
            self.best_weights_ = learned(net.module_)
            self.epochs_without_ = 0
            return
        self.epochs_without_ += len(net.history) > self.first_epoch
        if self.epochs_without_ == self.patience:
            self.epochs_without_ = 0
            self._restore(net)
            for group in net.optimizer_.param_groups:
                group["lr"] /= 2

    def on_train_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        self._restore(net)
        self.best_weights_ = {}

    def _restore(self, net: Any) -> None:
        if self.best_weights_:
            net.module_.load_state_dict(self.best_weights_, strict=False)


class Stop(Callback):
    """End training after `n_epochs` without improvement, as :class:`BestWeights` counts epochs."""

    def __init__(self, n_epochs: int, first_epoch: int = 1) -> None:
        self.n_epochs = n_epochs
        self.first_epoch = first_epoch

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        best = [row["epoch"] for row in net.history if row["best"]]
        if len(net.history) - max(best, default=self.first_epoch) >= self.n_epochs:
            raise KeyboardInterrupt  # skorch's signal for an early end


class DecoupledLearningRate(Callback):
    """Multiply the predictor's learning rate by the share of the words that it sees.

    See :class:`~sklearn_irx.components.DR`. `least` is the lowest factor.
    """

    def __init__(self, least: float) -> None:
        self.least = least

    def on_grad_computed(self, net: Any, training: bool = False, **kwargs: Any) -> None:  # noqa: D102
        if training:
            groups = {group.get("name"): group for group in net.optimizer_.param_groups}
            share = max(self.least, net.history[-1, "batches", -1, "train_share"])
            groups["predictor"]["lr"] = share * net.optimizer_.param_groups[-1]["lr"]


class RiseAndFall(Callback):
    """Let all learning rates rise from 0 in a share of the training steps, and then fall to 0.

    Both linearly, times what each learning rate is without it.
    """

    def __init__(self, share: float) -> None:
        self.share = share

    def on_train_begin(self, net: Any, X: Any = None, **kwargs: Any) -> None:  # noqa: D102
        self.n_batches_ = len(net.get_iterator(X, training=True))
        self.factor_ = 1.0

    def on_batch_begin(self, net: Any, training: bool = False, **kwargs: Any) -> None:  # noqa: D102
        if not training:
            return
        n_before = (len(net.history) - 1) * self.n_batches_ + len(net.history[-1, "batches"]) - 1
        n_steps = max(net.max_epochs * self.n_batches_, n_before + 1)
        n_rising = self.share * n_steps
        place = n_before + 0.5
        factor = min(
            place / n_rising if n_rising else 1.0, (n_steps - place) / (n_steps - n_rising)
        )
        for group in net.optimizer_.param_groups:
            group["lr"] *= factor / self.factor_
        self.factor_ = factor

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Undo the factor, for others to change and to keep the learning rates."""
        for group in net.optimizer_.param_groups:
            group["lr"] /= self.factor_
        self.factor_ = 1.0


class Progress(Callback):
    """A progress bar over `max_epochs`, with the last validation loss, accuracy and length."""

    def __init__(self, max_epochs: int, description: str) -> None:
        self.max_epochs = max_epochs
        self.description = description

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        self.bar_: Any = None

    def on_epoch_begin(self, net: Any, dataset_train: Any, **kwargs: Any) -> None:  # noqa: D102
        if self.bar_ is None:
            n_batches = len(net.get_iterator(dataset_train, training=True))
            self.bar_ = tqdm(
                desc=self.description, total=self.max_epochs * n_batches, unit="batch",
                initial=(len(net.history) - 1) * n_batches,  # done before an interruption
                mininterval=0.5,
            )  # fmt: skip

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:  # noqa: D102
        if training:
            self.bar_.update()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        row = net.history[-1]
        self.bar_.set_postfix(
            loss=f"{row['valid_loss']:.3f}",
            accuracy=f"{row['valid_accuracy']:.3f}",
            words=f"{row['valid_words']:.1f}",
        )

    def on_train_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        if self.bar_ is not None:
            self.bar_.close()

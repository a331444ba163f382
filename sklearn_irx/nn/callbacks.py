"""What happens between the epochs of training."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm

from sklearn_irx.nn.length_control import TOLERANCE


class Curriculum(Callback):
    """Full text first, then the price of words raised step by step.

    A selector trained from scratch under the full price tends to collapse to a word or two
    before the predictor has learned anything that would make words worth their price.

    Parameters
    ----------
    warmup_epochs : int
        Epochs in which the predictor reads all words.
    ramp_epochs : int
        Epochs after these in which the price rises linearly.
    """

    def __init__(self, warmup_epochs: int, ramp_epochs: int) -> None:
        self.warmup_epochs = warmup_epochs
        self.ramp_epochs = ramp_epochs

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        after_warmup = len(net.history) - self.warmup_epochs
        net.full_text = after_warmup <= 0
        net.penalty_scale = min(1.0, max(0, after_warmup) / (self.ramp_epochs + 1))


class BestWeights(Callback):
    """Return to the weights with the best validation loss, and learn slower from there.

    After `patience` epochs without a better one, the best weights return and the learning rate
    halves; at the end of training the best weights return for good (Dai et al., 2022). An epoch
    that keeps the limit of borders, if there is one, is better than any that does not.

    Parameters
    ----------
    patience : int
        In epochs.
    first_epoch : int
        Epochs before this one, counted from 1, are not compared: a curriculum is not over yet.
    """

    def __init__(self, patience: int, first_epoch: int = 1) -> None:
        self.patience = patience
        self.first_epoch = first_epoch

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        self.best_loss_ = (float("inf"), float("inf"))
        self.best_weights_: dict[str, Any] = {}
        self.epochs_without_ = 0

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        excess = net.border_price.excess(net.history[-1, "valid_borders"])
        loss = (max(0.0, excess - TOLERANCE), net.history[-1, "valid_loss"])
        counts = len(net.history) >= self.first_epoch and not math.isnan(loss[1])
        best = counts and loss < self.best_loss_
        net.history.record("best", best)
        net.history.record("learning_rate", net.optimizer_.param_groups[-1]["lr"])
        if best:
            self.best_loss_ = loss
            self.best_weights_ = deepcopy(net.module_.state_dict())
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
            net.module_.load_state_dict(self.best_weights_)


class DecoupledLearningRate(Callback):
    """Let the predictor learn slower than the selector, by the share of the words that it sees.

    A predictor that adapts fast to a poor selection holds the selector there. With a learning rate
    smaller by that share, the slope of its loss over masks is bounded (Liu et al., 2023).
    """

    def on_grad_computed(self, net: Any, training: bool = False, **kwargs: Any) -> None:  # noqa: D102
        if training:
            groups = {group.get("name"): group for group in net.optimizer_.param_groups}
            share = net.history[-1, "batches", -1, "train_share"]
            groups["predictor"]["lr"] = share * net.optimizer_.param_groups[-1]["lr"]


class Progress(Callback):
    """A progress bar over all epochs, with what the last one reached on the validation part.

    Parameters
    ----------
    max_epochs : int
        Length of the bar in epochs.
    description : str
        What stands before the bar.
    """

    def __init__(self, max_epochs: int, description: str) -> None:
        self.max_epochs = max_epochs
        self.description = description

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        self.bar_ = tqdm(desc=self.description, total=0, unit="batch", mininterval=0.5)

    def on_epoch_begin(self, net: Any, dataset_train: Any, **kwargs: Any) -> None:  # noqa: D102
        if not self.bar_.total:
            self.bar_.reset(self.max_epochs * len(net.get_iterator(dataset_train, training=True)))

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
        self.bar_.close()

"""skorch's training loop with the loss of a rationale model."""

from __future__ import annotations

import dis
from collections.abc import Iterable
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PassthroughScoring

from sklearn_irx.components.samplers import IndependentSampler
from sklearn_irx.nn.model import Reading
from sklearn_irx.nn.training.length_control import FixedPrice, Multiplier, fit_selection
from sklearn_irx.text import PADDING, UNKNOWN

_LEAST_WEIGHT = 1e-12  # of a batch: one of classes that count nothing has no loss


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

    @property
    def prices(self) -> tuple[FixedPrice | Multiplier, FixedPrice | Multiplier]:
        """Those of a word and of a border."""
        return self.word_price, self.border_price

    def infer(self, x: dict[str, torch.Tensor], **fit_params: Any) -> Reading:  # noqa: D102
        read = {name: value for name, value in x.items() if name != "weight"}
        if self.full_text and self.module_.training:
            read["mask"] = (x["ids"] > max(PADDING, UNKNOWN)).float()
        return super().infer(read, **fit_params)

    def get_loss(  # noqa: D102
        self,
        y_pred: Reading,
        y_true: torch.Tensor,
        X: dict[str, torch.Tensor],
        training: bool = False,
    ) -> torch.Tensor:
        logits, selection = y_pred.logits, y_pred.selection
        y_true = y_true.to(logits.device)
        words = X["ids"].to(logits.device) != PADDING
        weight = X["weight"].to(logits.device) if "weight" in X else None
        losses = super().get_loss(logits, y_true, X, training=training)
        losses = losses / self.criterion_.weight[y_true].mean().clamp(min=_LEAST_WEIGHT)
        if weight is not None:
            losses = weight * losses
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

        for price, n in zip(self.prices, (selection.n_selected, selection.n_borders), strict=True):
            if training and self.penalty_scale > 0:
                loss = loss + price.cost(n, words, self.penalty_scale, weight)
                price.update(n, words, self.penalty_scale, weight)
            elif not training and isinstance(price, FixedPrice):
                loss = loss + price.cost(n, words, 1.0, weight)
        if training:
            surrogate = self.module_.sampler.surrogate_loss(selection, losses)
            if isinstance(surrogate, torch.Tensor):
                loss = loss + (surrogate - surrogate.detach())  # a gradient, not a loss
        return loss

    def run_single_epoch(  # noqa: D102
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        if iterator is not None and not training:
            self.fit_selection(iterator)
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        if training:
            self.history.record("lambda1", self.word_price.price)
            self.history.record("lambda2", self.border_price.price)

    def fit_selection(self, batches: Iterable[Any]) -> None:
        """Make the rationales of documents as long as asked for, if anything was asked for.

        On documents that a linear start does not know: those it was fitted on it knows too well.
        """
        asked = [price.target for price in self.prices]
        if asked == [None, None] or not isinstance(self.module_.sampler, IndependentSampler):
            return
        on_device = ({name: value.to(self.device) for name, value in X.items()} for X, _ in batches)
        fit_selection(self.module_, ((X, X.pop("weight", None)) for X in on_device), *asked)

    def fit_loop(self, *args: Any, **kwargs: Any) -> RationaleNet:
        """Train for the epochs that remain, if some are in the history already."""
        self.interrupted = False
        try:
            if kwargs.get("epochs") is None:
                kwargs["epochs"] = self.max_epochs - len(self.history)
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt as error:
            # A callback ends training by `raise KeyboardInterrupt`; Ctrl-C is no such statement.
            self.interrupted = not _is_raised_by_statement(error)
            raise


def _is_raised_by_statement(error: BaseException) -> bool:
    """Tell a `raise` in a program from what a signal does to it."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return False
    instruction = frame.tb_frame.f_code.co_code[frame.tb_lasti]
    return dis.opname[instruction] == "RAISE_VARARGS"

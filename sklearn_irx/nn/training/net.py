"""skorch's training loop with the loss of a rationale model."""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PassthroughScoring
from skorch.utils import TeeGenerator, to_tensor

from sklearn_irx.nn.lengths import mean_share
from sklearn_irx.nn.losses import rationale_loss
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.sampler import IndependentSamplerModule
from sklearn_irx.nn.training.agreement import AGREEMENT, agreement
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.objectives import ObjectiveModule
from sklearn_irx.nn.training.penalties import FixedPenalty, Penalty
from sklearn_irx.nn.training.thresholds import fit_selection, match_length
from sklearn_irx.text import PADDING, UNKNOWN

_N_MATCHED = 2000  # documents that tell how much a threshold moves
_OF_LOSS = ("weight", "marks")  # of a batch, which the network does not read
_MIN_WEIGHT = 1e-12  # of a batch: classes of weight 0 have no loss


class RationaleNet(NeuralNet):
    """skorch's training loop with the loss of a rationale model.

    Parameters
    ----------
    word_penalty, transition_penalty : FixedPenalty or LagrangeMultiplier
        Of selected words and of transitions.
    objective : ObjectiveModule
        What both networks are trained on. Its own weights, if any, are trained with theirs.
    rationale_weight : float, default=0.0
        Of the loss by which the selector learns what people marked.
    accumulation : int, default=1
        Batches of an epoch whose gradients make one step.
    **kwargs
        As :class:`skorch.NeuralNet` takes them.

    Attributes
    ----------
    full_text : bool
        While True, the predictor is trained on all words and the selector not at all.
    penalty_scale : float
        Factor of all penalties in training. Validation losses are those of the model as it
        predicts, whatever the objective. They include fixed penalties of words and transitions in
        full, and no Lagrange multipliers, so that the epochs compare.
    interrupted : bool
        Whether training ended by Ctrl-C, which skorch treats as an ordinary end.
    """

    def __init__(
        self,
        *args: Any,
        word_penalty: Penalty,
        transition_penalty: Penalty,
        objective: ObjectiveModule,
        rationale_weight: float = 0.0,
        accumulation: int = 1,
        **kwargs: Any,
    ) -> None:
        self.word_penalty = word_penalty
        self.transition_penalty = transition_penalty
        self.objective = objective
        self.rationale_weight = rationale_weight
        self.accumulation = accumulation
        self.full_text = False
        self.penalty_scale = 1.0
        self.interrupted = False
        self._agreement: list[np.ndarray] = []
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
                for what in ("accuracy", "words", "transitions", "share", "empty")
            ),
        ]

    @property
    def penalties(self) -> tuple[Penalty, Penalty]:
        """The penalties of words and of transitions."""
        return self.word_penalty, self.transition_penalty

    def initialize_module(self) -> RationaleNet:  # noqa: D102
        super().initialize_module()
        self.objective_ = self.objective
        return self

    def infer(self, x: dict[str, torch.Tensor], **fit_params: Any) -> ModelOutput:  # noqa: D102
        inputs = {name: value for name, value in x.items() if name not in _OF_LOSS}
        if not self.module_.training:
            return super().infer(inputs, **fit_params)
        if self.full_text:
            least = PADDING if "pieces" in x else max(PADDING, UNKNOWN)
            inputs["mask"] = (x["ids"] > least).float()
        output = self.objective_(self.module_, **to_tensor(inputs, device=self.device))
        if not self.full_text:
            # Here, and not where a sampler selects: several selectors may do so in a batch.
            self.module_.sampler.step += 1
        return output

    def get_loss(  # noqa: D102
        self,
        y_pred: ModelOutput,
        y_true: torch.Tensor,
        X: dict[str, torch.Tensor],
        training: bool = False,
    ) -> torch.Tensor:
        logits, selection = y_pred.logits, y_pred.selection
        y_true = y_true.to(logits.device)
        assert selection.units is not None
        units = selection.units.there
        weight = X["weight"].to(logits.device) if "weight" in X else None

        def cross_entropy(logits: torch.Tensor) -> torch.Tensor:
            losses = super(RationaleNet, self).get_loss(logits, y_true, X, training=training)
            losses = losses / self.criterion_.weight[y_true].mean().clamp(min=_MIN_WEIGHT)
            return losses if weight is None else weight * losses

        outputs, losses_aside = (y_pred, *y_pred.others), []
        if training:
            scale = self.penalty_scale if weight is None else self.penalty_scale * weight
            of_outputs = [
                self.objective_.losses(output, cross_entropy, scale) for output in outputs
            ]
            losses = [losses for losses, _ in of_outputs]
            losses_aside = [aside for _, aside in of_outputs if aside is not None]
        else:
            losses = [cross_entropy(logits)]
        loss = torch.stack(losses).mean()

        part = "train" if training else "valid"
        for what, value in (
            ("accuracy", (logits.argmax(dim=1) == y_true).float().mean()),
            ("words", selection.n_selected.mean()),
            ("transitions", selection.n_transitions.mean()),
            ("share", mean_share(selection.n_selected, units)),
            ("empty", (~(selection.mask > 0.5).any(dim=1)).float().mean()),
        ):
            self.history.record_batch(f"{part}_{what}", value.item())

        selections = [output.selection for output in outputs]
        for penalty, counts in zip(
            self.penalties,
            ([one.n_selected for one in selections], [one.n_transitions for one in selections]),
            strict=True,
        ):
            if training and self.penalty_scale > 0:
                scale = self.penalty_scale
                costs = [penalty.cost(n, units, scale=scale, weight=weight) for n in counts]
                loss = loss + torch.stack(costs).mean()
                n = torch.stack(counts).mean(dim=0)
                penalty.update(n, units, scale=scale, weight=weight)
            elif not training and isinstance(penalty, FixedPenalty):
                loss = loss + penalty.cost(counts[0], units, scale=1.0, weight=weight)
        if training:
            terms: list[Any] = [aside.mean() for aside in losses_aside]
            if self.objective_.judges_masks:
                terms += map(self.module_.sampler.surrogate_loss, selections, losses)
            aside = [term / len(outputs) for term in terms]
            if y_pred.whole_logits is not None:
                aside.append(cross_entropy(y_pred.whole_logits).mean())
            if self.rationale_weight and "marks" in X and y_pred.scores is not None:
                aside.append(self.rationale_weight * self._rationale_loss(y_pred, X, weight))
            for term in aside:
                if isinstance(term, torch.Tensor):
                    loss = loss + (term - term.detach())  # its gradient, not its value
        elif "marks" in X:
            marks = X["marks"].cpu().numpy()
            self._agreement.append(agreement(y_pred, marks, self.module_.sampler))
        self.check_finite(loss)
        return loss

    def _rationale_loss(
        self, output: ModelOutput, X: dict[str, torch.Tensor], weight: torch.Tensor | None
    ) -> torch.Tensor:
        assert output.scores is not None
        assert output.selectable is not None
        assert output.selection.units is not None
        preference = self.module_.sampler.preference(output.scores)
        marks = output.selection.units.marks(X["marks"].to(preference.device))
        return rationale_loss(preference, marks, output.selectable, weight)

    def check_finite(self, numbers: torch.Tensor) -> None:
        """Raise ValueError if losses or logits are nan or infinite."""
        if numbers.isfinite().all():
            return
        penalties = ", ".join(
            f"{name}={penalty.per_unit:g}"
            for name, penalty in zip(("lambda1", "lambda2"), self.penalties, strict=True)
            if isinstance(penalty, FixedPenalty) and penalty.per_unit
        )
        raise ValueError(
            f"training failed in epoch {len(self.history)}: the loss is nan or infinite. Give a "
            f"lower learning_rate of training than {self.lr:g} ('auto' is the default)"
            + (f", then lower penalties than {penalties}" if penalties else "")
            + ", and make sure that the word vectors and the weights of classes and documents hold "
            "no huge numbers."
        )

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        """Take a step, or with `accumulation` add gradients until there are enough for one."""
        if self.accumulation == 1:
            return super().train_step(batch, **fit_params)
        place = len(self.history[-1, "batches"]) - 1
        n_added = place % self.accumulation + 1
        if n_added == 1:
            self._zero_grad_optimizer()
        step = self.train_step_single(batch, **fit_params)
        if n_added == self.accumulation or place == self._n_batches - 1:
            for _, weight in self.get_all_learnable_params():
                if weight.grad is not None:
                    weight.grad /= n_added
            named = TeeGenerator(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=named, batch=batch, training=True)
            self._step_optimizer(None)
        return step

    def run_single_epoch(  # noqa: D102
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        if training:
            self._n_batches = len(iterator)
        if iterator is not None and not training:
            self.fit_selection(iterator)
        self._agreement = []
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        if self._agreement:
            for name, values in zip(AGREEMENT, np.concatenate(self._agreement).T, strict=True):
                defined = values[~np.isnan(values)]
                self.history.record(f"valid_{name}", defined.mean() if len(defined) else np.nan)
        if training:
            self.history.record("lambda1", self.word_penalty.per_unit)
            self.history.record("lambda2", self.transition_penalty.per_unit)

    def fit_selection(self, batches: Iterable[Any]) -> None:
        """Set the thresholds for the length and transitions asked for, if any.

        The linear initialization must not have been fitted on these documents: it overfits them.
        """
        targets = [penalty.target for penalty in self.penalties]
        if targets == [None, None]:
            return
        fit_selection(self.module_, self._on_device(batches), *targets)

    def match_length(self, training: LabelledDocuments, folds: np.ndarray | None) -> None:
        """Move the threshold, fitted to documents held out, to the final linear weights.

        These have learned from the held-out documents, whose `folds` are given, too: scores have
        another scale. Some training documents tell which, as both weights have learned from them.
        """
        length, sampler = self.word_penalty.target, self.module_.sampler
        if folds is None or length is None or not isinstance(sampler, IndependentSamplerModule):
            return
        rows = np.linspace(0, len(training) - 1, min(len(training), _N_MATCHED)).astype(int)
        rows = rows[np.argsort(training.documents.sizes[rows], kind="stable")]
        at_once = self.module_.config.documents_at_once
        batches: tuple[list[Any], list[Any]] = [], []
        for part in np.array_split(rows, -(-len(rows) // at_once)):
            X, y = training.batch(part)
            X.pop("fold", None)
            batches[0].append(({**X, "fold": torch.full((len(part),), int(folds[0]))}, y))
            batches[1].append((X, y))
        before, after = map(self._on_device, batches)
        match_length(self.module_, before, after, length)

    def _on_device(self, batches: Iterable[Any]) -> Iterator[tuple[dict[str, Any], Any]]:
        """Return the arguments of the network, and the sample weights."""
        for X, _ in batches:
            on_device = {name: value.to(self.device) for name, value in X.items()}
            on_device.pop("marks", None)
            yield on_device, on_device.pop("weight", None)

    def fit_loop(self, *args: Any, **kwargs: Any) -> RationaleNet:
        """Train for the remaining epochs, if some are in the history already."""
        self.interrupted = False
        try:
            if kwargs.get("epochs") is None:
                kwargs["epochs"] = self.max_epochs - len(self.history)
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt as error:
            # A callback ends training by a `raise` statement; Ctrl-C is none.
            self.interrupted = not _is_raised_by_statement(error)
            raise


def _is_raised_by_statement(error: BaseException) -> bool:
    """Return whether a `raise` statement raised an error, and not a signal."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return False
    instruction = frame.tb_frame.f_code.co_code[frame.tb_lasti]
    return dis.opname[instruction] == "RAISE_VARARGS"

"""Checkpoints: interrupted training resumes after its last epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from skorch.callbacks import Callback

from sklearn_irx._files import replacing
from sklearn_irx.nn.isolation import numbers_state, set_numbers_state
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.callbacks import BestWeights, learned

_FORMAT = 4


class Checkpoint(Callback):
    """Save the state of training after each epoch, and resume from a saved state.

    With the same documents, parameters and machine, interrupted training ends with the same weights
    as uninterrupted: weights, those of the objective, optimizer, penalties, random numbers, history
    and the state of `best` are saved. The file is replaced atomically; it holds tensors and
    numbers, and no code.

    Parameters
    ----------
    path : Path
        The file.
    best : BestWeights
        The callback.
    random_state : RandomState
        Shuffles the documents.
    """

    def __init__(self, path: Path, best: BestWeights, random_state: np.random.RandomState) -> None:
        self.path = path
        self.best = best
        self.random_state = random_state

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        if self.path.exists():
            self._resume(net, read_checkpoint(self.path))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:  # noqa: D102
        numpy_state: Any = self.random_state.get_state(legacy=True)
        state = {
            "format": _FORMAT,
            "history": [_plain(row) for row in net.history],
            "weights": learned(net.module_),
            "objective": learned(net.objective_),
            "step": net.module_.sampler.step,
            "optimizer": net.optimizer_.state_dict(),
            "penalties": [vars(penalty) for penalty in net.penalties],
            "best_weights": self.best.best_weights_,
            "best_loss": [float(part) for part in self.best.best_loss_],
            "epochs_without": self.best.epochs_without_,
            "torch": numbers_state(),
            "numpy": [numpy_state[0], numpy_state[1].tolist(), *numpy_state[2:]],
        }
        with replacing(self.path, lasting=True) as part, part.open("wb") as file:
            torch.save(state, file)

    def _resume(self, net: Any, state: dict[str, Any]) -> None:
        for row in state["history"]:
            net.history.append({**row, "batches": []})
        net.module_.load_state_dict(state["weights"], strict=False)
        net.objective_.load_state_dict(state["objective"], strict=False)
        net.module_.sampler.step = state["step"]
        net.optimizer_.load_state_dict(state["optimizer"])
        for penalty, numbers in zip(net.penalties, state["penalties"], strict=True):
            vars(penalty).update(numbers)
        self.best.best_weights_ = state["best_weights"]
        self.best.best_loss_ = tuple(state["best_loss"])
        self.best.epochs_without_ = state["epochs_without"]
        set_numbers_state(state["torch"])
        name, keys, *rest = state["numpy"]
        self.random_state.set_state((name, np.array(keys, dtype=np.uint32), *rest))


def checkpoint_path(
    folder: Any,
    module: Rationalizer,
    *,
    training: LabelledDocuments,
    validation: LabelledDocuments,
    random_state: np.random.RandomState,
    settings: Any,
) -> Path:
    """Return the file of a training: one name for all that ends with the same weights.

    Parameters
    ----------
    folder : str or path-like
        Its folder.
    module : Rationalizer
        Before training.
    training, validation : LabelledDocuments
        The documents to train on and to compare epochs on.
    random_state : RandomState
        Before training.
    settings : object that can be pickled
        All parameters that the weights depend on.
    """
    documents = [
        (*part.documents.arrays, part.y, part.folds, part.weights, part.marks)
        for part in (training, validation)
    ]
    digest = joblib.hash([
        settings, module.to_arrays(), documents, torch.__version__,
        random_state.get_state(legacy=True),
    ])  # fmt: skip
    return Path(folder) / f"{digest}.pt"


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the state of training in a file; raise ValueError if the file is unusable."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        known = state["format"] == _FORMAT
    except Exception as error:  # torch raises many types for a damaged file
        raise ValueError(
            f"checkpoint_dir: {path} cannot be read ({type(error).__name__}): delete it, and "
            "training begins anew."
        ) from error
    if not known:
        raise ValueError(
            f"checkpoint_dir: {path} has format {state['format']!r}, and this version reads "
            f"{_FORMAT}: delete it, and training begins anew."
        )
    return state


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers in a row of a history as plain Python values."""
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in row.items()
        if isinstance(value, (bool, int, float, np.bool_, np.number))
    }

"""Selection priors: which words the linear initialization would select."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear.bigrams import WholeBigramPath
from sklearn_irx.nn.linear.path import LinearPath
from sklearn_irx.nn.linear.smoothing import Smoothing
from sklearn_irx.nn.linear.weights import LinearWeights
from sklearn_irx.text import Documents, inference_batches

Pack: TypeAlias = Callable[..., PackedBatch]
_BATCH_SIZE = 128
_INITIAL_GAIN = 2.0  # selection logits at the start, in standard deviations of the word weights


class SelectionPrior(nn.Module):
    """A selection logit for each word: its largest weight in the linear path, for any class.

    ``gain * ((weight - offset) / scale + bias)``, with gain and bias trained.
    """

    weights: torch.Tensor

    def __init__(self, n_words: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(n_words))
        self.gain = nn.Parameter(torch.tensor(_INITIAL_GAIN))
        self.bias = nn.Parameter(torch.tensor(0.0))
        self.n_words = n_words

    def initialize(
        self,
        path: LinearPath,
        linear: LinearWeights,
        documents: Documents,
        pack: Pack,  # noqa: ARG002
        *,
        initial_selection: float,
    ) -> None:
        """Scale the weights so that the share `initial_selection` of all words is selected.

        `path` has been initialized with `linear`, which was fitted on `documents`.
        """
        weights = path.largest_weight_of_rows()
        folds = torch.from_numpy(np.repeat(linear.folds, documents.lengths))
        rows = path.rows(torch.from_numpy(documents.ids).unsqueeze(1), folds)
        offset, scale = _offset_and_scale(weights[rows].numpy(), initial_selection)
        self.weights = (weights - offset) / scale

    def forward(
        self,
        path: LinearPath,  # noqa: ARG002
        batch: PackedBatch,  # noqa: ARG002
        rows: torch.Tensor,
        whole: torch.Tensor | None = None,  # noqa: ARG002
    ) -> torch.Tensor:
        """Map rows (batch, length), as :meth:`LinearPath.rows` returns them, to logits."""
        return self.gain * (self.weights[rows] + self.bias)

    @torch.no_grad()
    def class_weights(
        self,
        path: LinearPath,
        batch: PackedBatch,
        rows: torch.Tensor,
        whole: torch.Tensor | None = None,  # noqa: ARG002
    ) -> torch.Tensor:
        """Return the weights of words for each class, (batch, length, n_classes)."""
        return path.tfidf_weights(batch, F.embedding(rows, path.weights), rows, bigram_share=0.0)

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        self.weights = self.weights[: self.n_words].clone()


class DocumentPrior(nn.Module):
    """A selection logit for each word, which depends on the document.

    It is the largest weight of a word for any class, with the share `bigram_share` of that of each
    bigram it stands in, where the linear path knows bigrams.

    With `focus` above 0, the linear path first classifies the whole document, together with
    `n_bigrams` bigrams of its own and with another reader, if what one adds is given: this counts
    as a weight of a word, too. Weights are multiplied by the probability of the class to the power
    of `focus`: this is the class-conditional prior, whose words are chosen to support the predicted
    class by a model that read the whole text.

    With `smoothing` above 0, the weights for each class are first averaged over neighbouring words,
    by a Gaussian whose standard deviation it is, in words, or learns: words rank high together.
    Where more than words are selected as a whole, they are averaged over these units. With a
    `focus`, weights below 0 count as 0 in both.

    With neither, and without bigrams, it is :class:`SelectionPrior`.
    """

    scale: torch.Tensor

    def __init__(
        self,
        n_words: int,
        n_classes: int,
        *,
        n_bigrams: int = 0,
        bigram_share: float = 0.5,
        focus: float = 0.0,
        smoothing: float | str = 0.0,
    ) -> None:
        super().__init__()
        self.bigram_share = bigram_share
        self.focus = focus
        self.smoothing = Smoothing(smoothing) if smoothing else None
        self.bigrams = WholeBigramPath(n_bigrams, n_words, n_classes) if n_bigrams else None
        self.register_buffer("scale", torch.tensor([0.0, 1.0]))  # offset and scale
        self.gain = nn.Parameter(torch.tensor(_INITIAL_GAIN))
        self.bias = nn.Parameter(torch.tensor(0.0))

    def initialize(
        self,
        path: LinearPath,
        linear: LinearWeights,
        documents: Documents,
        pack: Pack,
        *,
        initial_selection: float,
    ) -> None:
        """Scale the weights; see :meth:`SelectionPrior.initialize`.

        `pack` makes a batch of what :meth:`Documents.batch` returns.
        """
        documents = documents.with_pieces(None)
        if self.bigrams is not None and linear.bigrams is not None:
            self.bigrams.initialize(linear.bigrams)
        weights = [np.empty(0, dtype=np.float32)]
        for lines in inference_batches(documents.lengths, _BATCH_SIZE):
            batch = pack(**{k: torch.from_numpy(a) for k, a in documents.batch(lines).items()})
            rows = path.rows(batch.ids, torch.from_numpy(linear.folds[lines]))
            weights.append(self.weights(path, batch, rows)[batch.words].detach().numpy())
        self.scale = torch.tensor(_offset_and_scale(np.concatenate(weights), initial_selection))

    def forward(
        self,
        path: LinearPath,
        batch: PackedBatch,
        rows: torch.Tensor,
        whole: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Map rows (batch, length), as :meth:`LinearPath.rows` returns them, to logits.

        `whole` (batch, length, n_classes) is what each word adds to the logits of another reader of
        the whole documents.
        """
        weights = self.weights(path, batch, rows, whole)
        return self.gain * ((weights - self.scale[0]) / self.scale[1] + self.bias)

    def weights(
        self,
        path: LinearPath,
        batch: PackedBatch,
        rows: torch.Tensor,
        whole: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the weights of words, (batch, length), for the arguments of :meth:`forward`.

        Gradients reach the width of the smoothing alone, if it is learned.
        """
        with torch.no_grad():
            initial = F.embedding(rows, path.weights)
            weights = self._for_classes(path, batch, rows, initial, whole)
            if self.focus:
                share = self._probabilities(path, batch, rows, initial, whole).pow(self.focus)
                weights = weights * share.unsqueeze(1)
        weights = self._averaged(weights, batch)
        return batch.units.to_words(batch.units.mean(weights).amax(dim=2))

    @torch.no_grad()
    def class_weights(
        self,
        path: LinearPath,
        batch: PackedBatch,
        rows: torch.Tensor,
        whole: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the weights of words for each class, (batch, length, n_classes).

        Averaged as those of the selection are. `focus` multiplies all weights for a class by one
        number, which changes no ranking for this class, and is left out.
        """
        initial = F.embedding(rows, path.weights)
        return self._averaged(self._for_classes(path, batch, rows, initial, whole), batch)

    def _for_classes(
        self,
        path: LinearPath,
        batch: PackedBatch,
        rows: torch.Tensor,
        initial: torch.Tensor,
        whole: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return what each word adds for each class, (batch, length, n_classes).

        What another reader adds is multiplied by the norm that the linear path divides by, so that
        both are on the scale of the weights.
        """
        weights = path.tfidf_weights(batch, initial, rows, self.bigram_share)
        return weights if whole is None else weights + path.norms(batch).unsqueeze(2) * whole

    def _probabilities(
        self,
        path: LinearPath,
        batch: PackedBatch,
        rows: torch.Tensor,
        initial: torch.Tensor,
        whole: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return the class probabilities (batch, n_classes) of the whole documents."""
        logits = path.whole_logits(batch, initial, rows)
        if self.bigrams is not None:
            logits = self.bigrams(logits, batch.ids, path.fold(rows))
        if whole is not None:
            logits = logits + whole.sum(dim=1)
        return logits.softmax(dim=1)

    def _averaged(self, weights: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
        """Average weights (batch, length, n_classes) over neighbours, if anything is averaged."""
        if self.focus and not (self.smoothing is None and batch.units.are_words):
            weights = weights.clamp(min=0)  # what speaks against the class is not looked for
        return weights if self.smoothing is None else self.smoothing(weights, batch.words)

    def drop_fold_weights(self) -> None:
        """Keep only what inference needs."""
        if self.bigrams is not None:
            self.bigrams.drop_fold_weights()


def _offset_and_scale(weights: np.ndarray, initial_selection: float) -> tuple[float, float]:
    """Return the smallest weight selected at the start, and the standard deviation of all."""
    if not len(weights):
        return 0.0, 1.0
    offset = float(np.quantile(weights, 1 - initial_selection))
    return offset, max(float(weights.std()), 1e-6)

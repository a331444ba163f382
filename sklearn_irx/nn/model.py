"""Selector and predictor, trained together as one network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from sklearn_irx.components.encoders import ENCODERS
from sklearn_irx.components.samplers import Selection, make_sampler
from sklearn_irx.nn.isolation import own_numbers, threads, weights_drawn
from sklearn_irx.nn.kernels.packed_batch import Layout
from sklearn_irx.nn.linear import (
    FocusedRanking,
    LinearPath,
    LinearStart,
    PairStart,
    WordRanking,
)
from sklearn_irx.nn.losses import n_borders, n_selected
from sklearn_irx.nn.predictor import Predictor
from sklearn_irx.nn.selector import Selector
from sklearn_irx.nn.text_encoder import Reader
from sklearn_irx.text import PADDING, UNKNOWN, Documents

_NEVER = -1e4  # the score of a word that is not to be selected
_VECTORS = "selector.reader.vectors.weight"
_LINEAR = "predictor.linear.weights"
_PAIRS = "selector.ranking.pairs."


class Reading(NamedTuple):
    """What came of a batch.

    Attributes
    ----------
    logits : Tensor of shape (batch, n_classes)
        Of the classes.
    selection : Selection
        The words that were read.
    scores : Tensor of shape (batch, length, n_scores) or None
        What the selector said of the words, if it was asked and this is no training.
    known : Tensor of shape (batch, length) or None
        Where there are words that may be selected.
    """

    logits: torch.Tensor
    selection: Selection
    scores: torch.Tensor | None = None
    known: torch.Tensor | None = None


class Rationalizer(nn.Module):
    """A selector that scores words, a sampler that marks some, a predictor that sees only those.

    Parameters
    ----------
    vectors : ndarray of shape (n_words, size), dtype float32
        Word vectors, row 0 (padding) all zeros.
    n_classes : int
        Number of classes.
    unseen : ndarray of shape (n_unseen, size), dtype float16 or float32, or None
        Vectors of words that are not trained. Their ids follow those of `vectors`.
    sampler : str
        A name in :data:`sklearn_irx.components.samplers.SAMPLERS`.
    sampler_params : dict or None
        Parameters of the sampler's own.
    encoder : str
        A name in :data:`sklearn_irx.components.encoders.ENCODERS`.
    initial_selection : float
        Share of the words selected at the start.
    linear_start : LinearStart or None
        The linear classifier that both networks start from.
    documents : Documents or None
        The training documents that `linear_start` was fitted on.
    **others
        See :class:`~sklearn_irx.SelectiveRationaleClassifier`.
    """

    unseen: torch.Tensor

    @weights_drawn()
    def __init__(
        self,
        vectors: np.ndarray,
        n_classes: int,
        *,
        unseen: np.ndarray | None = None,
        sampler: str = "straight_through",
        sampler_params: dict[str, Any] | None = None,
        temperature: float = 1.0,
        temperature_decay: float = 1e-5,
        rationale_length: float | None = None,
        max_rationale_length: float | None = None,
        encoder: str = "cnn",
        filter_sizes: Sequence[int] = (3, 4, 5),
        n_filters: int = 100,
        rnn_cell: str = "gru",
        rnn_size: int = 100,
        hidden_size: int = 100,
        dropout: float = 0.5,
        word_dropout: float = 0.0,
        share_embeddings: bool = False,
        share_encoder: bool = False,
        predictor_input: str = "in_place",
        precision: str = "auto",
        class_focus: float = 0.0,
        initial_selection: float = 0.3,
        linear_start: LinearStart | None = None,
        documents: Documents | None = None,
    ) -> None:
        super().__init__()
        self.settings = {
            "n_classes": n_classes,
            "sampler": sampler,
            "sampler_params": dict(sampler_params or {}),
            "temperature": temperature,
            "temperature_decay": temperature_decay,
            "rationale_length": rationale_length,
            "max_rationale_length": max_rationale_length,
            "encoder": encoder,
            "filter_sizes": tuple(filter_sizes),
            "n_filters": n_filters,
            "rnn_cell": rnn_cell,
            "rnn_size": rnn_size,
            "hidden_size": hidden_size,
            "dropout": dropout,
            "word_dropout": word_dropout,
            "share_embeddings": share_embeddings,
            "share_encoder": share_encoder,
            "predictor_input": predictor_input,
            "precision": precision,
            "class_focus": class_focus,
        }
        self.sampler = make_sampler(
            sampler,
            sampler_params,
            temperature=temperature,
            temperature_decay=temperature_decay,
            rationale_length=rationale_length,
            max_rationale_length=max_rationale_length,
        )
        linear: LinearPath | None = None
        ranking: WordRanking | FocusedRanking | None = None
        if linear_start is not None and documents is not None:
            linear = LinearPath(linear_start)
            if class_focus > 0:
                ranking = FocusedRanking(
                    linear, linear_start, documents, initial_selection, class_focus
                )
            else:
                folds = np.repeat(linear_start.folds, documents.lengths)
                ranking = WordRanking(linear, documents.ids, folds, initial_selection)

        size = vectors.shape[1]
        unseen = np.empty((0, size), dtype=np.float16) if unseen is None else unseen
        self.register_buffer("unseen", torch.tensor(unseen))
        own = {"filter_sizes": filter_sizes, "n_filters": n_filters, "precision": precision}
        if encoder == "rnn":
            own = {"rnn_cell": rnn_cell, "rnn_size": rnn_size}
        frozen = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=True)
        trained = nn.Embedding.from_pretrained(
            torch.tensor(vectors), freeze=False, padding_idx=PADDING, sparse=True
        )
        # A bias would give words that are not selected a voice. Where all are, a little, the
        # layer is as in the paper.
        projection = nn.Linear(size, size, bias=not self.sampler.has_exact_zeros)
        predictor_reader = Reader(
            trained, projection, ENCODERS[encoder](size, **own), dropout, precision
        )
        if share_encoder:
            selector_reader = predictor_reader
        else:
            selector_reader = Reader(
                trained if share_embeddings else frozen,
                None,
                ENCODERS[encoder](size, **own),
                dropout,
                precision,
            )
        # A ranking holds the initial selection already: it is above 0 for so many words.
        log_odds = math.log(initial_selection / (1 - initial_selection)) if ranking is None else 0.0
        self.selector = Selector(
            selector_reader,
            self.sampler.directions,
            dropout,
            self.sampler.score_for(log_odds),
            ranking,
        )
        self.predictor = Predictor(
            predictor_reader,
            n_classes,
            hidden_size=hidden_size,
            dropout=dropout,
            word_dropout=word_dropout,
            compact=predictor_input == "compact",
            linear=linear,
        )

    def forward(
        self,
        ids: torch.Tensor,
        fold: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> Reading:
        """Select and predict.

        Parameters
        ----------
        ids : Tensor of shape (batch, length)
            Word ids, 0 past the end of a document.
        fold : Tensor of shape (batch,), default=None
            In training with a linear start, the fold of each document.
        mask : Tensor of shape (batch, length), default=None
            What the predictor shall read. None asks the selector.
        """
        layout = self._layout(ids)
        words, rows = layout.words, self._rows(ids, fold)
        said: tuple[torch.Tensor, ...] = ()
        if mask is None:
            scores, known = self._scores(layout, rows)
            selection = self.sampler(scores, words)
            selection = selection._replace(mask=selection.mask * known)
            if not self.training:
                mask, said = selection.mask, (scores, known)
        if mask is not None:
            mask = mask * words
            selection = Selection(mask, n_selected(mask), n_borders(mask, words))
        return Reading(self.predictor(layout, selection.mask, rows), selection, *said)

    def scores(
        self, ids: torch.Tensor, fold: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Score words: (batch, length, n_scores), where there are words, and where known ones."""
        layout = self._layout(ids)
        scores, known = self._scores(layout, self._rows(ids, fold))
        return scores, layout.words, known

    def _scores(self, layout: Layout, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Score words, and tell which are known.

        A word that is not known tells the predictor nothing, so it is never part of a rationale.
        """
        known = layout.words & (layout.ids != UNKNOWN)
        never = _NEVER * self.selector.directions
        ranking, linear = self.selector.ranking, self.predictor.linear
        ranked = None if ranking is None else ranking(linear, layout, rows)
        scores = torch.where(known.unsqueeze(-1), self.selector(layout, ranked), never)
        return scores, known

    def _layout(self, ids: torch.Tensor) -> Layout:
        return Layout(ids, self.predictor.reader.encoder.reach, self.unseen)

    def _rows(self, ids: torch.Tensor, fold: torch.Tensor | None) -> torch.Tensor:
        linear = self.predictor.linear
        return ids if linear is None else linear.rows(ids, fold)

    def forget_folds(self) -> None:
        """Drop what only training documents need."""
        for part in (self.predictor.linear, self.selector.ranking):
            if part is not None:
                part.forget_folds()

    @property
    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """The word vectors it was built with, of known and of unseen words."""
        known = self.selector.reader.vectors.weight
        return known.detach().cpu().numpy(), self.unseen.cpu().numpy()

    def take_over(self, former: Rationalizer) -> None:
        """Go on with the weights of another network, on the linear start of this one."""
        made = (
            "predictor.linear.weights", "predictor.linear.idf", "selector.ranking.weights",
            "selector.ranking.scale", _PAIRS,
        )  # fmt: skip
        with torch.no_grad():
            theirs = dict(former._tensors())
            for name, value in self._tensors():
                if not name.startswith(made):
                    value.copy_(theirs[name])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Give all weights as NumPy arrays, by name. What two networks share is given once."""
        return {name: value.detach().cpu().numpy() for name, value in self._tensors()}

    @classmethod
    def from_arrays(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Rationalizer:
        """Rebuild a network from its :attr:`settings` and what :meth:`to_arrays` gave.

        Raises
        ------
        ValueError
            If the arrays are not those of a network of these settings. That is found out before
            memory is taken for it.
        """
        # The random start is thrown away, and leaves the caller's random numbers alone.
        with own_numbers(0), threads(None):
            cls._check_arrays(settings, arrays)
            module = cls._of_shape(settings, arrays)
            with torch.no_grad():
                for name, value in module._tensors():
                    value.copy_(torch.tensor(arrays[name]))
        return module.eval()

    @classmethod
    def _check_arrays(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Compare arrays with those of a network that has shapes and takes no memory."""
        vectors, unseen = arrays.get(_VECTORS), arrays.get("unseen")
        if vectors is None or vectors.ndim != 2 or unseen is None or unseen.ndim != 2:
            raise ValueError(f"{_VECTORS} and unseen must be there, with a row for each word")
        # What a skeleton makes on the CPU all the same is no larger than arrays that are there.
        n_rows = {_LINEAR: len(vectors), f"{_PAIRS}weights": _n_pairs(arrays)}
        if n_rows[f"{_PAIRS}weights"] and f"{_PAIRS}weights" not in arrays:
            raise ValueError(f"{_PAIRS}weights is missing")
        for name, n in n_rows.items():
            if name in arrays and arrays[name].shape != (n, settings.get("n_classes")):
                raise ValueError(f"{name} has shape {arrays[name].shape}")
        widest = max((max(array.shape, default=0) for array in arrays.values()), default=0)
        widths = settings.get("filter_sizes", ())
        if len(widths) > len(arrays) or max(widths, default=0) > widest:
            raise ValueError(f"filter_sizes={widths!r} is more than the arrays hold")
        try:
            with torch.device("meta"):
                skeleton = cls._of_shape(settings, arrays)
        except (TypeError, RuntimeError, KeyError, OverflowError) as error:
            first = next(iter(str(error).splitlines()), "")
            raise ValueError(f"the settings make no network ({first}): {settings!r}") from error
        if skeleton.settings.keys() != settings.keys():
            odd = sorted(skeleton.settings.keys() ^ settings.keys())
            raise ValueError(f"the settings lack, or should not have, {', '.join(odd)}")
        expected = dict(skeleton._tensors())
        for name in sorted(expected.keys() ^ arrays.keys()):
            raise ValueError(f"{name} is {'missing' if name in expected else 'not expected'}")
        for name, value in expected.items():
            shape, dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
            array = arrays[name]
            if (array.shape, array.dtype.name) != (shape, dtype):
                raise ValueError(
                    f"{name} has shape {array.shape} and type {array.dtype.name} where "
                    f"{shape} and {dtype} are expected"
                )

    @classmethod
    def _of_shape(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Rationalizer:
        """Make a network for arrays, without their numbers."""
        vectors = np.asarray(arrays[_VECTORS])
        start = documents = None
        if _LINEAR in arrays:
            n_words, n_classes = len(vectors), settings["n_classes"]
            pairs, n_pairs = None, _n_pairs(arrays)
            if n_pairs:
                pairs = PairStart(np.zeros(n_pairs, np.int64), *_flat(n_pairs, n_classes), 1.0)
            start = LinearStart(*_flat(n_words, n_classes), np.empty(0, np.int64), pairs)
            documents = Documents(np.empty(0, np.int32), np.empty(0, np.int64))
        return cls(
            vectors, unseen=arrays["unseen"], **settings, linear_start=start, documents=documents
        )

    def _tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Go through what is to be kept, without what another name gives already."""
        kept = self.state_dict().keys()
        for name, value in chain(self.named_parameters(), self.named_buffers()):
            if name in kept:
                yield name, value


def _n_pairs(arrays: dict[str, np.ndarray]) -> int:
    """Give the number of pairs of words that a network knew."""
    pairs = arrays.get(f"{_PAIRS}pairs")
    return 0 if pairs is None else pairs.size


def _flat(n_rows: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Give weights and inverse document frequencies that say nothing."""
    return np.zeros((1, n_rows, n_classes), np.float32), np.ones(n_rows, np.float32)

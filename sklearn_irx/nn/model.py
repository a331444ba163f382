"""Selector, sampler and predictor as one network, built from a configuration."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import nn

from sklearn_irx.nn.config import (
    BIGRAMS,
    CONFIGURATION,
    LINEAR,
    TOKENIZER,
    NetworkConfig,
    NetworkShape,
    Source,
)
from sklearn_irx.nn.contextual import (
    AnyPredictor,
    AnySelector,
    ContextualPredictor,
    ContextualSelector,
    PieceBatch,
)
from sklearn_irx.nn.isolation import own_numbers, threads, weights_drawn
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.linear import LinearWeights
from sklearn_irx.nn.losses import n_selected, n_transitions
from sklearn_irx.nn.output import ModelOutput
from sklearn_irx.nn.predictor import LinearPredictor
from sklearn_irx.nn.sampler import NEVER, SamplerModule, Selection
from sklearn_irx.nn.selector import FeatureSelector, PriorSelector, SelectorNetwork
from sklearn_irx.nn.spans import spread
from sklearn_irx.nn.text_encoder import TextEncoder
from sklearn_irx.nn.transformer import Transformer
from sklearn_irx.nn.units import Units, is_blind
from sklearn_irx.text import PADDING, Documents, PieceTokenizer

_NOT_TRAINED = (
    "predictor.linear.weights", "predictor.linear.idf", "selector.prior.weights",
    "selector.prior.scale", *BIGRAMS,
)  # fmt: skip
"""Buffers of the linear initialization, which are not trained."""


class Rationalizer(nn.Module):
    """A selector that scores words, a sampler that selects some, a predictor that sees only those.

    It is built from its configuration alone. Then :meth:`initialize` sets initial weights, or
    :meth:`from_arrays` loads saved ones.
    """

    unseen: torch.Tensor
    sampler: SamplerModule
    selector: AnySelector
    predictor: AnyPredictor

    @weights_drawn()
    def __init__(self, config: NetworkConfig, shape: NetworkShape) -> None:
        super().__init__()
        self.config = config
        self.shape = shape
        training = config.training
        self.sampler = config.sampler.build(
            rationale_length=config.rationale_length,
            max_rationale_length=config.max_rationale_length,
        )
        config.style.shape(self.sampler)
        linear, prior = config.initialization.build(shape, of_segments=config.style.of_segments)
        sizes = shape.n_unseen, shape.vector_size
        self.register_buffer("unseen", torch.zeros(sizes, dtype=getattr(torch, shape.unseen_type)))
        if shape.source is not None:
            self._build_contextual(shape.source, linear, prior)
        elif config.encoder.needs_vectors:
            self._build_encoded(linear, prior)
        else:
            score = self.sampler.score_for(0.0)
            self.selector = PriorSelector(
                prior, self.sampler.directions, score=score,
                n_corrected=shape.n_words if shape.corrects_selection else None,
            )  # fmt: skip
            self.predictor = LinearPredictor(
                linear, shape.n_classes, word_dropout=training.word_dropout
            )

    def _build_encoded(self, linear: Any, prior: Any) -> None:
        """Build selector and predictor with encoders, and with linear path and prior, if any."""
        config, shape = self.config, self.shape
        training, size = config.training, shape.vector_size
        trained = nn.Embedding.from_pretrained(
            torch.zeros(shape.n_words, size), freeze=False, padding_idx=PADDING, sparse=True
        )
        # Without a bias, the predictor sees nothing of words that are not selected. Where every
        # word is selected a little, the layer has one, as in the paper.
        projection = nn.Linear(size, size, bias=not self.sampler.has_exact_zeros)
        settings: Any = {"dropout": training.dropout, "precision": training.precision}
        predictor_encoder = selector_encoder = TextEncoder(
            trained, projection, config.encoder.build(size), **settings
        )
        if not config.predictor.shares_encoder():
            vectors = trained
            if not config.predictor.share_embeddings:
                vectors = nn.Embedding.from_pretrained(torch.zeros(shape.n_words, size))
            selector_encoder = TextEncoder(vectors, None, config.encoder.build(size), **settings)
        self.selector = SelectorNetwork(
            selector_encoder, self.sampler.directions, dropout=training.dropout, prior=prior
        )
        self.predictor = config.predictor.build(
            predictor_encoder,
            shape.n_classes,
            dropout=training.dropout,
            word_dropout=training.word_dropout,
            linear=linear,
        )

    def _build_contextual(self, source: Source, linear: Any, prior: Any) -> None:
        """Build selector and predictor on a transformer, or on one each."""
        config, training, n_classes = self.config, self.config.training, self.shape.n_classes
        for name, data in zip((CONFIGURATION, TOKENIZER), source, strict=True):
            # On the CPU even where other tensors have no memory: the network is built from them.
            self.register_buffer(name, torch.from_numpy(np.frombuffer(data, np.uint8).copy()))
        transformer = config.encoder.build_transformer(source, training.precision)
        other = transformer
        if not config.predictor.shares_encoder(of_pieces=True):
            other = config.encoder.build_transformer(source, training.precision)
        classes_read = n_classes if config.initialization.class_focus else None
        self.selector = ContextualSelector(
            transformer, self.sampler.directions, prior=prior, n_classes=classes_read
        )
        self.predictor = ContextualPredictor(
            other, n_classes, compact=config.predictor.is_compact(of_pieces=True),
            dropout=config.encoder.dropout, word_dropout=training.word_dropout, linear=linear,
        )  # fmt: skip

    @torch.no_grad()
    def initialize(
        self,
        vectors: np.ndarray,
        unseen: np.ndarray,
        *,
        initial_selection: float,
        linear: LinearWeights | None,
        documents: Documents,
        pretrained: bool = True,
    ) -> None:
        """Set the initial weights.

        Parameters
        ----------
        vectors : ndarray of shape (n_words, vector_size), dtype float32
            Word vectors, row 0 (padding) all zeros.
        unseen : ndarray of shape (n_unseen, vector_size), dtype float16 or float32
            Vectors of out-of-vocabulary words.
        initial_selection : float
            Share of the words selected at the start, in (0, 1).
        linear : LinearWeights or None
            The linear initialization, if the configuration has one.
        documents : Documents
            The training documents that `linear` was fitted on.
        pretrained : bool, default=True
            Whether transformers get the weights of their pretraining.
        """
        for network in (self.selector, self.predictor):
            if network.text_encoder is not None:
                network.text_encoder.vectors.weight.copy_(torch.from_numpy(vectors))
        self.unseen.copy_(torch.from_numpy(unseen))
        log_odds = math.log(initial_selection / (1 - initial_selection))
        path, prior = self.predictor.linear, self.selector.prior
        if linear is not None and path is not None:
            path.initialize(linear)
            if prior is not None:
                prior.initialize(
                    path, linear, documents, self._packed, initial_selection=initial_selection
                )
                log_odds = 0.0  # the prior is above 0 for that share of the words
        for part in self.transformers if pretrained else ():
            self.config.encoder.load_weights(part)
        self._check_transformers()
        if not isinstance(self.selector, PriorSelector):
            self.selector.initialize(self.sampler.score_for(log_odds))

    @property
    def transformers(self) -> list[Transformer]:
        """The transformers of selector and predictor, a shared one once."""
        found = [part for part in self.modules() if isinstance(part, Transformer)]
        return list(dict.fromkeys(found))

    @cached_property
    def piece_tokenizer(self) -> PieceTokenizer | None:
        """What cuts words into the pieces that a transformer reads, if there is one."""
        source = self.shape.source
        return None if source is None else PieceTokenizer(source.tokenizer)

    def _check_transformers(self) -> None:
        """Raise ValueError if a transformer cannot read what its tokenizer makes of texts."""
        for part in self.transformers:
            assert self.piece_tokenizer is not None
            part.check(self.piece_tokenizer.n_pieces)

    def forward(
        self,
        ids: torch.Tensor,
        fold: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        **read: torch.Tensor,
    ) -> ModelOutput:
        """Select and predict.

        Parameters
        ----------
        ids : Tensor of shape (batch, length)
            Word ids, 0 past the end of a document.
        fold : Tensor of shape (batch,), default=None
            In training with a linear initialization, the fold of each document.
        mask : Tensor of shape (batch, length), default=None
            The words that the predictor sees, but for unknown ones. None asks the selector.
        **read : Tensors
            What else :meth:`Documents.batch` gives: ``begins`` of segments, and ``pieces`` and
            ``owners`` of :class:`PieceBatch`, for a transformer.
        """
        batch, rows = self.look_up(ids, fold, **read)
        selection, scores, selectable = self.select(batch, rows, mask)
        logits = self.predict(batch, rows, selection.mask)
        return ModelOutput(logits, selection, scores, selectable)

    def look_up(
        self, ids: torch.Tensor, fold: torch.Tensor | None = None, **read: torch.Tensor
    ) -> tuple[PackedBatch, torch.Tensor]:
        """Return the words of a batch, and their rows in the linear path, for several predictions.

        For the arguments see :meth:`forward`.
        """
        return self._packed(ids, **read), self._rows(ids, fold)

    def select(
        self,
        batch: PackedBatch,
        rows: torch.Tensor,
        mask: torch.Tensor | None = None,
        selector: FeatureSelector | PriorSelector | None = None,
    ) -> tuple[Selection, torch.Tensor | None, torch.Tensor | None]:
        """Return selection, scores and selectable units, as in :class:`ModelOutput`.

        The words of `mask` are selected, if it is given, or those of another `selector`.
        """
        units = batch.units
        if mask is not None:
            mask = mask * batch.words
            of_units = units.any(mask).to(mask.dtype)
            counts = n_selected(of_units), n_transitions(of_units, units.there)
            return Selection(mask, *counts, units=units), None, None
        scores, selectable = self._scores(batch, rows, selector or self.selector)
        selection = self.sampler(scores, units.there, batch.begins)
        mask = selection.mask * selectable
        if self.training:
            return selection._replace(mask=units.to_words(mask), units=units), scores, selectable
        if self.sampler.selects_unknown:
            mask = self._with_a_known_word(mask, scores, batch)
        counts = n_selected(mask), n_transitions(mask, units.there)
        return Selection(units.to_words(mask), *counts, units=units), scores, selectable

    def predict(
        self,
        batch: PackedBatch,
        rows: torch.Tensor,
        mask: torch.Tensor,
        predictor: AnyPredictor | None = None,
    ) -> torch.Tensor:
        """Return the logits (batch, n_classes) of the known words under a mask (batch, length).

        They are those of another `predictor`, if one is given.
        """
        return (predictor or self.predictor)(batch, mask * batch.known, rows)

    def _with_a_known_word(
        self, mask: torch.Tensor, scores: torch.Tensor, batch: PackedBatch
    ) -> torch.Tensor:
        """Select again, with fewest unknown words, where all that are selected are unknown."""
        known = batch.units.any(batch.known)
        blind = is_blind(mask > 0, known)
        if not blind.any():
            return mask
        scores = torch.where(known.unsqueeze(-1), scores, NEVER * self.selector.directions)
        again = self.sampler(scores, batch.units.there, batch.begins).mask
        return torch.where(blind.unsqueeze(1), again, mask)

    def scores(
        self, ids: torch.Tensor, fold: torch.Tensor | None = None, **read: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Return what a sampler selects from.

        Scores (batch, n_units, n_scores), units that are there and those that may be selected, both
        (batch, n_units), and where clauses begin (batch, length), if that counts.
        """
        batch = self._packed(ids, **read)
        scores, selectable = self._scores(batch, self._rows(ids, fold), self.selector)
        return scores, batch.units.there, selectable, batch.begins

    def _scores(
        self, batch: PackedBatch, rows: torch.Tensor, selector: FeatureSelector | PriorSelector
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores of a selector, and which units may be selected."""
        selectable = self._selectable(batch)
        never = NEVER * selector.directions
        prior, linear = selector.prior, self.predictor.linear
        prior_logits = None
        if prior is not None:
            prior_logits = prior(linear, batch, rows, selector.word_logits(batch))
        scores = batch.units.mean(selector(batch, prior_logits))
        return torch.where(selectable.unsqueeze(-1), scores, never), selectable

    def _selectable(self, batch: PackedBatch) -> torch.Tensor:
        """Return which units may be selected, (batch, n_units).

        The predictor sees nothing of unknown words, so none is selected, except between others of a
        passage or a segment.
        """
        known = batch.units.any(batch.known)
        if self.sampler.selects_unknown:
            return batch.units.there & known.any(dim=1, keepdim=True)
        return known

    def class_weights(self, ids: torch.Tensor, **read: torch.Tensor) -> torch.Tensor:
        """Return the weight of each word for each class in the selection prior, if there is one.

        (batch, length, n_classes), before the largest is taken.
        """
        prior, linear = self.selector.prior, self.predictor.linear
        assert prior is not None
        assert linear is not None
        batch = self._packed(ids, **read)
        whole = self.selector.word_logits(batch)
        return prior.class_weights(linear, batch, self._rows(ids, None), whole)

    def select_by(
        self,
        ids: torch.Tensor,
        preferences: torch.Tensor,
        masks: torch.Tensor,
        **read: torch.Tensor,
    ) -> torch.Tensor:
        """Select by other preferences than the selector's, in the form that its rationales have.

        Parameters
        ----------
        ids : Tensor of shape (batch, length)
            Word ids, 0 past the end of a document.
        preferences : Tensor of shape (batch, length, n_targets)
            Of which words to select; higher means sooner. Where transitions have a cost, they are
            brought to the spread of the selector's own in each document.
        masks : Tensor of shape (batch, length), dtype bool
            The network's own rationales: as many units are selected.
        **read : Tensors
            As :meth:`forward` takes them.

        Returns
        -------
        masks : Tensor of shape (batch, length, n_targets), dtype bool
        """
        batch = self._packed(ids, **read)
        units = batch.units
        selectable, known = self._selectable(batch), units.any(batch.known)
        n = units.any(masks).sum(dim=1)
        own = None
        if self.sampler.transition_cost > 0:
            scores, _ = self._scores(batch, self._rows(ids, None), self.selector)
            own = spread(self.sampler.preference(scores), selectable)
        found = []
        for values in units.mean(preferences).unbind(dim=2):
            if own is not None:
                values = values * own / spread(values, selectable)
            values = values.masked_fill(~selectable, -torch.inf)
            mask = self.sampler.select_by(values, units.there, n, batch.begins)
            blind = is_blind(mask, known)
            if blind.any():
                of_known = values.masked_fill(selectable & ~known, NEVER)
                again = self.sampler.select_by(of_known, units.there, n, batch.begins)
                mask = torch.where(blind.unsqueeze(1), again, mask)
            found.append(units.to_words(mask))
        return torch.stack(found, dim=2)

    def _packed(self, ids: torch.Tensor, **read: torch.Tensor) -> PackedBatch:
        encoder = self.predictor.text_encoder
        half_width = 0 if encoder is None else encoder.encoder.half_width
        batch = PackedBatch(ids, half_width, self.unseen)
        begins = read.pop("begins", None)
        if self.config.style.of_segments:
            assert begins is not None
            batch.units = Units(batch.words, begins)
        else:
            batch.begins = begins
        batch.of_pieces = PieceBatch(**read) if read else None
        return batch

    def _rows(self, ids: torch.Tensor, fold: torch.Tensor | None) -> torch.Tensor:
        linear = self.predictor.linear
        return ids if linear is None else linear.rows(ids, fold)

    def drop_fold_weights(self) -> None:
        """Drop the weights that only training needs."""
        for part in (self.predictor.linear, self.selector.prior):
            if part is not None:
                part.drop_fold_weights()

    @property
    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """The word vectors of the selector, of known and of unseen words."""
        if self.selector.text_encoder is None:
            return np.empty((self.shape.n_words, 0), dtype=np.float32), self.unseen.cpu().numpy()
        known = self.selector.text_encoder.vectors.weight
        return known.detach().cpu().numpy(), self.unseen.cpu().numpy()

    @torch.no_grad()
    def load_trained_from(self, former: Rationalizer) -> None:
        """Take the trained weights of another network; the linear initialization stays."""
        theirs = dict(former._tensors())
        for name, value in self._tensors():
            if name in theirs and not name.startswith(_NOT_TRAINED):
                value.copy_(theirs[name])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all weights as NumPy arrays by name, shared ones once."""
        return {name: value.detach().cpu().numpy() for name, value in self._tensors()}

    @classmethod
    def from_arrays(cls, config: NetworkConfig, arrays: dict[str, np.ndarray]) -> Rationalizer:
        """Build a network and load the arrays that :meth:`to_arrays` returned.

        Raises
        ------
        ValueError
            If the arrays are not those of a network of this configuration. No memory is allocated
            for the network before that is known.
        """
        # The random weights are overwritten, and the caller's random numbers are left alone.
        # Samplers with a budget had no transition cost in formats 1 and 2.
        arrays = {"sampler.transition_cost": np.zeros((), dtype=np.float32), **arrays}
        with own_numbers(0), threads(None):
            shape = NetworkShape.of(arrays)
            cls.check_arrays(config, shape, arrays)
            module = cls(config, shape)
            with torch.no_grad():
                for name, value in module._tensors():
                    value.copy_(torch.tensor(arrays[name]))
            module._check_transformers()
        return module.eval()

    @classmethod
    def check_arrays(
        cls, config: NetworkConfig, shape: NetworkShape, arrays: dict[str, np.ndarray]
    ) -> None:
        """Compare arrays with those of a network on torch's "meta" device, without memory.

        Only shapes and types matter, but for configuration and tokenizer of a transformer.

        Raises
        ------
        ValueError
            If they are not those of a network of this configuration.
        """
        if config.encoder.reads_pieces != (shape.source is not None):
            raise ValueError("a transformer needs its configuration and its tokenizer")
        # Tensors that are built on the CPU even then must be no larger than the arrays.
        rows = {LINEAR: shape.n_words, **{f"{name}weights": shape.n_bigrams for name in BIGRAMS}}
        for name, n_rows in rows.items():
            if name in arrays and arrays[name].shape != (n_rows, shape.n_classes):
                raise ValueError(f"{name} has shape {arrays[name].shape}")
        for name in BIGRAMS:
            if f"{name}bigrams" in arrays and f"{name}weights" not in arrays:
                raise ValueError(f"{name}weights is missing")
        try:
            with torch.device("meta"):
                skeleton = cls(config, shape)
        except (TypeError, RuntimeError, KeyError, OverflowError) as error:
            first = next(iter(str(error).splitlines()), "")
            raise ValueError(f"the configuration makes no network ({first}): {config!r}") from error
        expected = dict(skeleton._tensors())
        for name in sorted(expected.keys() ^ arrays.keys()):
            raise ValueError(f"{name} is {'missing' if name in expected else 'not expected'}")
        for name, value in expected.items():
            found = arrays[name].shape, arrays[name].dtype.name
            wanted = tuple(value.shape), str(value.dtype).removeprefix("torch.")
            if found != wanted:
                raise ValueError(
                    f"{name} has shape {found[0]} and type {found[1]} where {wanted[0]} and "
                    f"{wanted[1]} are expected"
                )

    def _tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Iterate over the tensors to be kept, those shared under two names once."""
        kept = self.state_dict().keys()
        for name, value in chain(self.named_parameters(), self.named_buffers()):
            if name in kept:
                yield name, value

"""A transformer that reads pieces of words in windows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import nn

from sklearn_irx.nn.config import Source
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.nn.pretrained import built, config_of, first_line, most_pieces
from sklearn_irx.text.pieces import special_pieces


class Read(NamedTuple):
    """What a transformer made of texts, window by window.

    Attributes
    ----------
    states : Tensor of shape (n_windows, width, hidden_size)
        Of the pieces in each window, with those that stand for its beginning and its end.
    document : Tensor of shape (n_windows,), dtype int64
        Whose window it is.
    piece : Tensor of shape (n_windows, width), dtype int64
        The piece of the document at each place, -1 for the beginning and the end, and -2 past it.
    """

    states: torch.Tensor
    document: torch.Tensor
    piece: torch.Tensor


class Transformer(nn.Module):
    """A pretrained transformer that reads pieces in windows.

    Parameters
    ----------
    source : Source
        Configuration and tokenizer.
    layers : int or None
        Last layers that are trained. None trains all of them, and the embeddings.
    window : int or None
        Most pieces in a window; None is what the transformer can read.
    overlap : int
        Pieces that a window has in common with the next, at least.
    precision : {"auto", "float32", "bfloat16"}
        Of matrix products.
    """

    def __init__(
        self, source: Source, *, layers: int | None, window: int | None, overlap: int,
        precision: str,
    ) -> None:  # fmt: skip
        super().__init__()
        config = config_of(source.configuration)
        self.model: Any = built(config)
        self.precision = precision
        self.hidden_size = int(self.model.config.hidden_size)
        longest = most_pieces(config)
        self.window = min(window or longest, longest) - 2  # without beginning and end
        self.overlap = min(overlap, self.window // 2)
        self.first, self.last, self.mask = special_pieces(source.tokenizer)
        self._parts: Any = None
        if layers is not None:
            self._freeze_below(layers)

    def _freeze_below(self, n_trained: int) -> None:
        self.model.requires_grad_(False)
        layers = layers_of(self.model)[1]
        n_frozen = len(layers) - min(n_trained, len(layers))
        for layer in layers[n_frozen:]:
            layer.requires_grad_(True)
        some, kind = n_frozen < len(layers), self.model.config.model_type
        if n_frozen and kind != "albert" and (some or kind != "deberta-v2"):
            # A tuple, so that they are not taken for parts of their own.
            self._parts = _first_layers(self.model, n_frozen), _last_layers(self.model, n_frozen)

    @property
    def has_frozen_layers(self) -> bool:
        """Whether what the first layers make of a text is always the same, and can be kept."""
        return self._parts is not None

    def train(self, mode: bool = True) -> Transformer:
        """Set training or evaluation mode; frozen layers have no dropout."""
        super().train(mode)
        for part in self.model.modules():
            weights = list(part.parameters())
            if weights and not any(weight.requires_grad for weight in weights):
                part.eval()
        return self

    @property
    def family(self) -> str:
        """What kind of transformer it is: one of :data:`~sklearn_irx.nn.pretrained.FAMILIES`."""
        return str(self.model.config.model_type)

    @property
    def n_weights(self) -> int:
        """How many weights it has."""
        return sum(weight.numel() for weight in self.parameters())

    @torch.no_grad()
    def check(self, n_pieces: int) -> None:
        """Raise ValueError if it cannot read a window of pieces with numbers below `n_pieces`."""
        n_known = self.model.get_input_embeddings().num_embeddings
        if n_pieces > n_known:
            raise ValueError(
                f"the tokenizer makes pieces up to number {n_pieces - 1}, and the transformer "
                f"knows {n_known}"
            )
        device = next(self.parameters()).device
        pieces = torch.full((1, self.window), self.last, device=device)
        was_training = self.training
        try:
            self.eval()(pieces, torch.tensor([self.window], device=device))
        except Exception as error:  # of many types
            raise ValueError(f"the transformer cannot read ({first_line(error)})") from error
        finally:
            self.train(was_training)

    def forward(
        self,
        pieces: torch.Tensor,
        n: torch.Tensor,
        *,
        values: torch.Tensor | None = None,
        frozen: torch.Tensor | None = None,
    ) -> Read:
        """Read texts.

        Parameters
        ----------
        pieces : Tensor of shape (batch, n_pieces), dtype int64
            Pieces of each text, one after the other.
        n : Tensor of shape (batch,), dtype int64
            How many there are.
        values : Tensor of shape (batch, n_pieces) or None
            Between 0, where the piece that hides a word is read in place, and 1.
        frozen : Tensor of shape (batch, n_states, hidden_size) or None
            What :meth:`frozen_states` returned for each text, padded at the end.
        """
        windows = self._windows(n)
        with self._precision(n.device):
            if frozen is None:
                embedded = self._embedded(pieces, windows, values)
                states = self._states(self.model, embedded, windows.there)
            else:
                below = frozen.new_zeros(*windows.there.shape, frozen.shape[2], dtype=torch.float32)
                n_states = self.n_states(n).unsqueeze(1)
                known = torch.arange(frozen.shape[1], device=n.device) < n_states
                below[windows.there] = frozen[known].float()
                states = self._states(self._parts[1], below, windows.there)
        return Read(states.float(), windows.document, windows.piece)

    def n_states(self, n: torch.Tensor) -> torch.Tensor:
        """Return how many states texts of so many pieces (batch,) have, (batch,)."""
        windows = self._windows(n)
        return torch.zeros_like(n).index_add(0, windows.document, windows.there.sum(dim=1))

    @torch.no_grad()
    def frozen_states(self, pieces: torch.Tensor, n: torch.Tensor) -> list[torch.Tensor]:
        """Return what the frozen layers make of each text, (n_states, hidden_size).

        One window after the other, each with its beginning and end.
        """
        windows = self._windows(n)
        with self._precision(n.device):
            embedded = self._embedded(pieces, windows, None)
            states = self._states(self._parts[0], embedded, windows.there)
        return [
            states[windows.document == row][windows.there[windows.document == row]]
            for row in range(len(n))
        ]

    def _precision(self, device: torch.device) -> AbstractContextManager[Any]:
        # The first DeBERTa hides scores of 16 bits with a number of 32, which overflows.
        dtype = torch.float32 if self.family == "deberta" else product_type(self.precision, device)
        return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)

    def _embedded(
        self, pieces: torch.Tensor, windows: _Windows, values: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the embeddings of all windows, (n_windows, width, embedding size)."""
        inside = windows.piece >= 0
        at = windows.document.unsqueeze(1), windows.piece.clamp(min=0)
        ids = torch.where(inside, pieces[at], self.last)
        ids[:, 0] = self.first
        table = self.model.get_input_embeddings()
        embedded: torch.Tensor = table(ids)
        if values is None:
            return embedded
        # Where layer normalization follows, a mere factor would change nothing.
        hidden = table(ids.new_full((1, 1), self.mask)).expand_as(embedded)
        return torch.lerp(hidden, embedded, torch.where(inside, values[at], 1.0).unsqueeze(2))

    @staticmethod
    def _states(model: Any, embedded: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = model(inputs_embeds=embedded, attention_mask=there.long())[0]
        return states

    def _windows(self, n: torch.Tensor) -> _Windows:
        """Divide texts of so many pieces (batch,) into windows."""
        room, step = self.window, self.window - self.overlap
        beyond = (n - room).clamp(min=0)
        n_windows = 1 + beyond.add(step - 1).div(step, rounding_mode="floor")
        document = torch.repeat_interleave(torch.arange(len(n), device=n.device), n_windows)
        number = torch.arange(len(document), device=n.device)
        number = number - (n_windows.cumsum(0) - n_windows)[document]
        # Evenly, so that the last window is no shorter than the others.
        last = (n_windows - 1).clamp(min=1)[document]
        start = (number * beyond[document]).div(last, rounding_mode="floor")
        sizes = n[document].clamp(max=room)
        place = torch.arange(2 + int(sizes.max()) if len(n) else 2, device=n.device) - 1
        inside = (place >= 0) & (place < sizes.unsqueeze(1))
        there = place <= sizes.unsqueeze(1)
        piece = torch.where(inside, place + start.unsqueeze(1), torch.where(there, -1, -2))
        return _Windows(document, piece, there)


class _Windows(NamedTuple):
    """Windows: their texts and pieces as in :class:`Read`, and where there is anything."""

    document: torch.Tensor
    piece: torch.Tensor
    there: torch.Tensor


class _Passed(nn.Module):
    """In place of embeddings: what is given as such is the state of a layer."""

    def forward(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        given = (*args, *kwargs.values())
        states = (one for one in given if isinstance(one, torch.Tensor) and one.dim() == 3)
        return next(one for one in states if one.is_floating_point())


def _first_layers(model: Any, n: int) -> Any:
    """Return a view of a transformer that ends after `n` layers."""
    name, layers = layers_of(model)
    return _with_parts(model, {name: layers[:n], "final_norm": nn.Identity()})


def _last_layers(model: Any, n_before: int) -> Any:
    """Return a view of a transformer that begins after `n_before` layers, with their states."""
    name, layers = layers_of(model)
    before = {"embeddings": _Passed(), "embeddings_project": nn.Identity(), "encoder.conv": None}
    return _with_parts(model, {name: layers[n_before:], **before})


def _with_parts(model: Any, parts: Mapping[str, nn.Module | None]) -> Any:
    """Return a view of a module with other parts, of those that it has, and the same weights."""
    view = copy.copy(model)
    view._modules = dict(model._modules)
    for name, part in parts.items():
        first, _, rest = name.partition(".")
        if first in view._modules:
            inner = view._modules[first]
            view._modules[first] = _with_parts(inner, {rest: part}) if rest else part
    return view


def layers_of(model: nn.Module) -> tuple[str, nn.ModuleList]:
    """Return the layers of a transformer, and the name of their list."""
    lists = [
        (name, part) for name, part in model.named_modules() if isinstance(part, nn.ModuleList)
    ]
    return max(lists, key=lambda found: len(found[1]))

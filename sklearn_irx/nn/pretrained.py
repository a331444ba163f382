"""A pretrained transformer: where it comes from, and what it reads of pieces of words."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from sklearn_irx.nn.config import Source
from sklearn_irx.nn.isolation import own_numbers, threads, weights_drawn
from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.nn.kernels.precision import product_type
from sklearn_irx.text.pieces import MISSING, PieceTokenizer, special_pieces

FAMILIES = (
    "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie",
    "modernbert", "mpnet", "roberta", "xlm-roberta",
)  # fmt: skip
"""The ``model_type`` of encoders that can be read: those of BERT's kind."""

NAMED = tuple(f"{part}.transformer.model." for part in ("selector", "predictor"))
"""What stands before the names of a transformer's weights in a network."""

_MOST_BYTES = 2**20  # of a configuration
_MOST_SETTINGS = 200
_LARGEST = 1_000_000  # setting: sizes are compared with those of arrays later
_MOST_LAYERS = 100  # each of which is built before that

_REPEATED = ("inner_group_num", "n_layers", "num_hidden_groups", "num_hidden_layers")
_LEFT_OUT = {
    "_name_or_path", "architectures", "auto_map", "chunk_size_feed_forward", "custom_pipelines",
    "dtype", "id2label", "label2id", "name_or_path", "num_labels", "per_layer_config",
    "quantization_config", "torch_dtype", "transformers_version", "use_kernels",
}  # fmt: skip
"""Settings that could name code, or depend on versions, places and labels."""

_WORD = re.compile(r"[\w.|-]{0,60}")
"""A setting of letters: no path, and no name in a hub."""


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
        config = _config(source.configuration)
        self.model: Any = _built(config)
        self.precision = precision
        self.hidden_size = int(self.model.config.hidden_size)
        longest = _most_pieces(config)
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
        """What kind of transformer it is: one of `FAMILIES`."""
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
            raise ValueError(f"the transformer cannot read ({_first(error)})") from error
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
            Factors of their embeddings.
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
                n_states = torch.zeros_like(n).index_add(0, windows.document, windows.there.sum(1))
                known = torch.arange(frozen.shape[1], device=n.device) < n_states.unsqueeze(1)
                below[windows.there] = frozen[known].float()
                states = self._states(self._parts[1], below, windows.there)
        return Read(states.float(), windows.document, windows.piece)

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
        dtype = product_type(self.precision, device)
        return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)

    def _embedded(
        self, pieces: torch.Tensor, windows: _Windows, values: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the embeddings of all windows, (n_windows, width, embedding size)."""
        inside = windows.piece >= 0
        at = windows.document.unsqueeze(1), windows.piece.clamp(min=0)
        ids = torch.where(inside, pieces[at], self.last)
        ids[:, 0] = self.first
        embedded: torch.Tensor = self.model.get_input_embeddings()(ids)
        if values is None:
            return embedded
        return embedded * torch.where(inside, values[at], 1.0).unsqueeze(2)

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
    before = {"embeddings": _Passed(), "embeddings_project": nn.Identity()}
    return _with_parts(model, {name: layers[n_before:], **before})


def _with_parts(model: Any, parts: dict[str, nn.Module]) -> Any:
    """Return a view of a module with other parts, of those that it has, and the same weights."""
    view = copy.copy(model)
    view._modules = dict(model._modules)
    for name, part in parts.items():
        first, _, rest = name.partition(".")
        if first in view._modules:
            inner = view._modules[first]
            view._modules[first] = _with_parts(inner, {rest: part}) if rest else part
    return view


def load_pretrained(model: str) -> Source:
    """Read configuration and tokenizer of a transformer by hub name or folder.

    Raises
    ------
    ValueError
        If there is none, it is of another kind, or its tokenizer cannot be read.
    ImportError
        If `transformers` is not installed.
    """
    transformers = import_transformers()
    try:
        found = transformers.AutoConfig.from_pretrained(model, trust_remote_code=False)
        check_family(found.model_type, model)
        tokenizer = transformers.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        if isinstance(error, _OtherKindError):
            raise
        raise ValueError(
            f"model={model!r} of encoder cannot be read: give the path of a folder that holds "
            "config.json, model.safetensors and the tokenizer, or the name of a model of the "
            f"Hugging Face hub, for which a network is needed the first time ({_first(error)})."
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ValueError(f"model={model!r} of encoder: its tokenizer has no tokenizer.json.")
    backend.no_truncation()
    backend.no_padding()
    first = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
    last = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
    if first is None or last is None:
        raise ValueError(
            f"model={model!r} of encoder: its tokenizer has no pieces for the beginning and the "
            "end of a text."
        )
    mask = tokenizer.mask_token_id if tokenizer.mask_token_id is not None else last
    return Source(
        json.dumps(_plain(found.to_diff_dict() | {"model_type": found.model_type})).encode(),
        PieceTokenizer.describe(backend, first, last, mask),
    )


def load_weights(model: str, into: Transformer) -> None:
    """Load the weights of a pretrained transformer, those of its encoder.

    Raises
    ------
    ValueError
        If they cannot be read.
    """
    found = _weights(model)
    missing = into.model.load_state_dict(found, strict=False).missing_keys
    if missing:
        raise ValueError(f"model={model!r} of encoder has no weights {missing[0]}.")


def arrays_of(model: str, configuration: bytes, *, local: bool = False) -> dict[str, np.ndarray]:
    """Return the weights of a pretrained transformer by their names in a network.

    Each has two, as of the selector and of the predictor.

    Parameters
    ----------
    model : str
        Name in the hub, or folder.
    configuration : bytes
        Of the network's transformer: the model is read as one of these sizes.
    local : bool, default=False
        Whether nothing is fetched from the hub.

    Raises
    ------
    ValueError
        If the weights cannot be read.
    ImportError
        If `transformers` is not installed.
    """
    if local and model.startswith(("//", "\\\\")):
        raise ValueError(f"model={model!r} of encoder is a path of another machine.")
    with threads(None):
        found = _weights(model, config=_config(configuration), local_files_only=local)
    return {prefix + name: weight.numpy() for name, weight in found.items() for prefix in NAMED}


def _weights(model: str, **more: Any) -> dict[str, torch.Tensor]:
    """Read the weights of a pretrained transformer, and leave out those that it does not have."""
    transformers = import_transformers()
    try:
        with _no_progress_bars(transformers.utils.logging), own_numbers(0), weights_drawn():
            found, report = transformers.AutoModel.from_pretrained(
                model,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                **more,
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ValueError(
            f"the weights of model={model!r} of encoder cannot be read; they must be a file "
            f"model.safetensors ({_first(error)})."
        ) from error
    # What the file lacks has random numbers by now.
    absent = set(report["missing_keys"])
    return {name: one for name, one in found.state_dict().items() if name not in absent}


@contextmanager
def _no_progress_bars(logging: Any) -> Iterator[None]:
    """Load without the bars of `transformers`, which are not of our stages."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def import_transformers() -> Any:
    """Return the module `transformers`, or raise ImportError that names the extra."""
    try:
        import transformers
    except ImportError as error:
        raise ImportError(MISSING) from error
    return transformers


class _OtherKindError(ValueError):
    """The model is of a kind that is not read."""


def check_family(model_type: Any, model: str) -> None:
    """Raise ValueError if a transformer is no encoder of BERT's kind."""
    if model_type not in FAMILIES:
        raise _OtherKindError(
            f"model={model!r} of encoder is of the kind {str(model_type)[:40]!r}: give an encoder "
            f"such as BERT, of one of the kinds {', '.join(FAMILIES)}."
        )


def checked_configuration(data: bytes) -> dict[str, Any]:
    """Return the configuration of a transformer, if it is one.

    Raises
    ------
    ValueError
        If it is not.
    """
    if len(data) > _MOST_BYTES:
        raise ValueError(f"the configuration of the transformer has {len(data):,} bytes")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the configuration of the transformer is no JSON ({error})") from error
    if not isinstance(content, dict) or len(content) > _MOST_SETTINGS:
        raise ValueError("the configuration of the transformer is no dictionary of its settings")
    check_family(content.get("model_type"), "…")
    settings = _plain(content)
    for name, value in settings.items():
        _check_setting(name, value)
    groups = [settings.get(name) or 1 for name in ("inner_group_num", "num_hidden_groups")]
    if math.prod(groups) > _MOST_LAYERS:
        raise ValueError(f"the transformer has {math.prod(groups)} layers")
    return settings


def _check_setting(name: str, value: Any, depth: int = 3) -> None:
    """Raise ValueError if a value is no number or word, or list or dictionary of such, in range."""
    inner: list[Any] = []
    if depth and isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif depth and isinstance(value, list):
        inner = value
    elif isinstance(value, int | float):
        if not abs(value) <= (_MOST_LAYERS if name in _REPEATED else _LARGEST):
            raise ValueError(f"{name}={str(value)[:80]} of the transformer is too large")
    elif value is not None and not (isinstance(value, str) and _WORD.fullmatch(value)):
        raise ValueError(f"{name}={str(value)[:80]!r} of the transformer is no setting")
    if name in _REPEATED and depth == 3 and not isinstance(value, int):
        raise ValueError(f"{name}={str(value)[:80]!r} of the transformer is no number")
    for one in inner:
        _check_setting(name, one, depth - 1)


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out what could name code, and what depends on versions and places."""
    return {
        name: value
        for name, value in content.items()
        if name not in _LEFT_OUT
        and not name.startswith("_")
        and "implementation" not in name
        and not (isinstance(value, str) and not _WORD.fullmatch(value))
    }


def _config(configuration: bytes) -> Any:
    """Return the configuration of a transformer as an object of `transformers`.

    Raises
    ------
    ValueError
        If it is none.
    """
    settings = checked_configuration(configuration)
    transformers = import_transformers()
    try:
        config = transformers.AutoConfig.for_model(settings.pop("model_type"), **settings)
    except Exception as error:  # each family checks in its own way
        raise ValueError(
            f"the configuration of the transformer is none ({_first(error)})"
        ) from error
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):  # of the one operation for attention, whose noise is torch's own
            setattr(config, name, 0.0)
    return config


def _built(config: Any) -> Any:
    """Build a transformer with random weights, whose dropout draws from our generators."""
    try:
        model = import_transformers().AutoModel.from_config(config)
    except Exception as error:  # what a size of 0 leads to, say
        raise ValueError(
            f"the configuration of the transformer makes none ({_first(error)})"
        ) from error
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    for part in model.modules():
        for name, child in part.named_children():
            if isinstance(child, nn.Dropout):
                setattr(part, name, Dropout(child.p))
    return model


def layers_of(model: nn.Module) -> tuple[str, nn.ModuleList]:
    """Return the layers of a transformer, and the name of their list."""
    lists = [
        (name, part) for name, part in model.named_modules() if isinstance(part, nn.ModuleList)
    ]
    return max(lists, key=lambda found: len(found[1]))


def _most_pieces(config: Any) -> int:
    """Return how many pieces a transformer can read at once."""
    longest = int(getattr(config, "max_position_embeddings", 512))
    if config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        longest -= max(1, config.pad_token_id or 0) + 1  # positions begin after that of padding
    return max(3, min(longest, 512))


def _first(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]

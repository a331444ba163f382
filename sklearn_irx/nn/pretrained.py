"""Pretrained transformers: read from the hub or a folder, checked, and built."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from sklearn_irx.nn.config import Source
from sklearn_irx.nn.isolation import own_numbers, threads, weights_drawn
from sklearn_irx.nn.kernels.dropout import Dropout
from sklearn_irx.text.pieces import MISSING, PieceTokenizer

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
            f"Hugging Face hub, for which a network is needed the first time ({first_line(error)})."
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


def load_weights(model: str, into: nn.Module) -> None:
    """Load the weights of a pretrained transformer, those of its encoder, into one that was built.

    Raises
    ------
    ValueError
        If they cannot be read.
    """
    found = _weights(model)
    missing = into.load_state_dict(found, strict=False).missing_keys
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
        found = _weights(model, config=config_of(configuration), local_files_only=local)
    return {prefix + name: weight.numpy() for name, weight in found.items() for prefix in NAMED}


def _weights(model: str, **more: Any) -> dict[str, torch.Tensor]:
    """Read the weights of a pretrained transformer, and leave out those that it does not have."""
    transformers = import_transformers()
    from safetensors import SafetensorError

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
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ValueError(
            f"the weights of model={model!r} of encoder cannot be read; they must be a file "
            f"model.safetensors ({first_line(error)})."
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


def config_of(configuration: bytes) -> Any:
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
            f"the configuration of the transformer is none ({first_line(error)})"
        ) from error
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):  # of the one operation for attention, whose noise is torch's own
            setattr(config, name, 0.0)
    return config


def built(config: Any) -> Any:
    """Build a transformer with random weights, whose dropout draws from our generators."""
    try:
        model = import_transformers().AutoModel.from_config(config)
    except Exception as error:  # what a size of 0 leads to, say
        raise ValueError(
            f"the configuration of the transformer makes none ({first_line(error)})"
        ) from error
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    for part in model.modules():
        for name, child in part.named_children():
            if isinstance(child, nn.Dropout):
                setattr(part, name, Dropout(child.p))
    return model


def most_pieces(config: Any) -> int:
    """Return how many pieces a transformer can read at once."""
    longest = int(getattr(config, "max_position_embeddings", 512))
    if config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        longest -= max(1, config.pad_token_id or 0) + 1  # positions begin after that of padding
    return max(3, min(longest, 512))


def first_line(error: BaseException) -> str:
    """Return the first line of an error, or the name of its type."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]

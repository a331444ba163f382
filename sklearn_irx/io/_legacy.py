"""Models of former formats in the layout of the newest.

In format 1 parts did not own their parameters. In formats 1 and 2 tokenizers had none, and the name
``WordTokenizer`` stands for what is :class:`~sklearn_irx.text.AlphanumericTokenizer` now. Up to
format 3, bigrams served to classify whole texts alone. Up to format 4, no weights were left out. Up
to format 5, networks knew no style: what there was of it stood in other parameters. Up to format 6,
recurrent networks were not normalized.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_SAMPLERS = {
    "straight_through": "StraightThrough",
    "gumbel": "Gumbel",
    "reinforce": "Reinforce",
    "hard_kuma": "HardKuma",
    "sparsemap": "SparseMap",
    "top_k": "TopK",
}
_TOKENIZERS: dict[str, dict[str, Any]] = {
    "WordTokenizer": {"name": "AlphanumericTokenizer", "parameters": {}},
    "WhitespaceTokenizer": {"name": "WhitespaceTokenizer", "parameters": {"normalize": False}},
}
_WITHOUT_TEMPERATURE = ("reinforce", "hard_kuma")
_ENCODERS = {
    "cnn": ("CNN", {"filter_sizes": "filter_sizes", "n_filters": "n_filters"}),
    "rnn": ("RNN", {"cell": "rnn_cell", "hidden_size": "rnn_size"}),
}
_PREDICTOR = {
    "hidden_size": "hidden_size",
    "input": "predictor_input",
    "share_embeddings": "share_embeddings",
    "share_encoder": "share_encoder",
}
_TRAINING = (
    "max_epochs", "batch_size", "learning_rate", "predictor_learning_rate", "weight_decay",
    "dropout", "word_dropout", "patience", "n_iter_no_change", "warmup_epochs", "ramp_epochs",
    "validation_fraction", "precision", "callbacks", "checkpoint_dir",
)  # fmt: skip
_ARRAYS = (
    ("selector.ranking.pairs.pairs", "selector.prior.bigrams.bigrams"),
    ("selector.ranking.pairs.", "selector.prior.bigrams."),
    ("selector.ranking.", "selector.prior."),
    ("selector.reader.", "selector.text_encoder."),
    ("predictor.reader.", "predictor.text_encoder."),
    ("sampler.border_cost", "sampler.transition_cost"),
)


def upgraded(model: dict[str, Any]) -> dict[str, Any]:
    """Return the ``model.json`` of a model of any format in the newest.

    Nothing is trusted here: values are passed on, to be checked as those of the newest are.
    """
    records = model["estimators"]
    if model["format_version"] < 2:
        records = [_estimator(record) for record in records]
    if model["format_version"] < 3:
        records = [_with_tokenizers(record) for record in records]
    if model["format_version"] < 4:
        records = _rewritten(records, _with_whole_bigrams)
    if model["format_version"] < 6:
        records = [_with_style(record) for record in records]
    if model["format_version"] < 7:
        records = _rewritten(records, _with_plain_states)
    return {**model, "estimators": records}


def _with_style(record: dict[str, Any]) -> dict[str, Any]:
    fitted = record.get("fitted", {})
    if "network" not in fitted:
        return record
    network = {**fitted["network"], "style": _part("Style", {})}
    return {**record, "fitted": {**fitted, "network": network}}


def _rewritten(value: Any, rewrite: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return a value of JSON in which all objects are rewritten, the inner ones first."""
    match value:
        case list():
            return [_rewritten(one, rewrite) for one in value]
        case dict():
            return rewrite({key: _rewritten(one, rewrite) for key, one in value.items()})
    return value


def _with_plain_states(value: dict[str, Any]) -> dict[str, Any]:
    """Say of recurrent networks of former formats that their states are not normalized."""
    match value:
        case {"type": "component", "name": "RNN", "parameters": dict(parameters)}:
            return {**value, "parameters": {**parameters, "layer_norm": False}}
        case {"encoder": "rnn"}:
            return {**value, "encoder": _part("RNN", {"layer_norm": False})}
    return value


def _with_whole_bigrams(value: dict[str, Any]) -> dict[str, Any]:
    """Write ``bigrams=True`` of former formats as it is called now."""
    match value:
        case {"type": "component", "name": "LinearInit", "parameters": {"bigrams": True, **others}}:
            return {**value, "parameters": {**others, "bigrams": "whole"}}
    return value


def _with_tokenizers(record: dict[str, Any]) -> dict[str, Any]:
    """Write the tokenizers of formats 1 and 2 with their parameters of now."""
    found = dict(record)
    for key in ("parameters", "fitted"):
        values = record.get(key, {})
        match values.get("tokenizer"):
            case {"type": "tokenizer", "name": str(name)} if name in _TOKENIZERS:
                found[key] = {**values, "tokenizer": {"type": "tokenizer", **_TOKENIZERS[name]}}
    return found


def _estimator(record: dict[str, Any]) -> dict[str, Any]:
    if record["class"] != "SelectiveRationaleClassifier":
        return record
    flat = dict(record["parameters"])
    kind = flat.pop("linear_start")
    parts = _parts(flat, kind, flat)
    if "fitted" not in record:
        return {**record, "parameters": parts}
    fitted = dict(record["fitted"])
    settings = dict(fitted.pop("settings")["items"])
    settings.pop("n_classes")
    if "predictor.linear.weights" not in fitted["arrays"]:
        kind = None
    elif kind is None:  # set after training, which had another
        kind = "naive_bayes"
    fitted["network"] = _parts(settings, kind, flat, of_network=True)
    fitted["arrays"] = {_array(name): stored for name, stored in fitted["arrays"].items()}
    fitted["history"] = {
        name.replace("_borders", "_transitions"): stored
        for name, stored in fitted["history"].items()
    }
    return {**record, "parameters": parts, "fitted": fitted}


def _parts(
    flat: dict[str, Any], kind: Any, others: dict[str, Any], *, of_network: bool = False
) -> dict[str, Any]:
    """Return flat parameters as parts, and those that stay flat."""
    left = dict(flat)
    name, own = left.pop("sampler"), left.pop("sampler_params")
    sampler = dict(own["items"]) if own else {}
    smoothing = {key: left.pop(key) for key in ("temperature", "temperature_decay")}
    if name not in _WITHOUT_TEMPERATURE:
        sampler |= smoothing
    encoder, encoder_names = _ENCODERS[left.pop("encoder")]
    selection = {"initial_selection": left.pop("initial_selection", "auto")}
    focus = {
        "class_focus": left.pop("class_focus", 0.0),
        "bigrams": left.pop("focus_bigrams", others.get("focus_bigrams", False)),
    }
    initialization = _part("LinearInit", {"model": kind, **focus, **selection})
    if kind is None:
        initialization = _part("RandomInit", {k: v for k, v in selection.items() if v != "auto"})
    training = {key: left.pop(key) for key in _TRAINING if key in left}
    if left.get("training_length") is not None:
        training["text_length"] = left["training_length"]
    found = {
        "sampler": _part(_SAMPLERS[name], sampler),
        "encoder": _part(encoder, {new: left[old] for new, old in encoder_names.items()}),
        "predictor": _part("Predictor", {new: left[old] for new, old in _PREDICTOR.items()}),
        "initialization": initialization,
        "training": _part("Training", training),
    }
    gone = {"training_length", *_PREDICTOR.values()}
    gone.update(old for _, names in _ENCODERS.values() for old in names.values())
    kept = {key: value for key, value in left.items() if key not in gone}
    if of_network:
        kept = {key: kept[key] for key in ("rationale_length", "max_rationale_length")}
    return {**kept, **found}


def _part(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "component", "name": name, "parameters": parameters}


def _array(name: str) -> str:
    for old, new in _ARRAYS:
        if name.startswith(old):
            return new + name[len(old) :]
    return name

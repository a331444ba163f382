"""What values the parameters of the classifier take, each by itself."""

from __future__ import annotations

import os
from numbers import Integral, Real
from typing import Any

from sklearn_irx._compat import HasMethods, Interval, StrOptions
from sklearn_irx.classifier.calibration import CALIBRATIONS
from sklearn_irx.components.encoders import ENCODERS
from sklearn_irx.components.encoders.rnn import CELLS
from sklearn_irx.components.initializations.linear import LINEAR_STARTS
from sklearn_irx.components.samplers import SAMPLERS
from sklearn_irx.nn.kernels.precision import PRECISIONS
from sklearn_irx.nn.predictor import PREDICTOR_INPUTS

CONSTRAINTS: dict[str, list[Any] | str] = {
    "sampler": [StrOptions(set(SAMPLERS))],
    "sampler_params": [dict, None],
    "rationale_length": [Interval(Real, 0, None, closed="neither"), None],
    "max_rationale_length": [Interval(Real, 0, None, closed="neither"), None],
    "lambda1": [Interval(Real, 0, None, closed="left")],
    "free_length": [Interval(Real, 0, None, closed="neither"), None],
    "lambda2": [Interval(Real, 0, None, closed="left")],
    "max_transitions": [Interval(Real, 1, None, closed="left"), None],
    "linear_start": [StrOptions(set(LINEAR_STARTS)), None],
    "class_focus": [Interval(Real, 0, None, closed="left")],
    "focus_bigrams": ["boolean"],
    "embeddings": "no_validation",  # load_embeddings says what is wrong with them
    "vocabulary": ["array-like", None],
    "max_unseen_words": [Interval(Integral, 0, None, closed="left"), None],
    "tokenizer": [callable, None],
    "max_length": [Interval(Integral, 1, None, closed="left")],
    "training_length": [Interval(Integral, 1, None, closed="left"), None],
    "min_df": [Interval(Integral, 1, None, closed="left")],
    "encoder": [StrOptions(set(ENCODERS))],
    "filter_sizes": ["array-like"],
    "n_filters": [Interval(Integral, 1, None, closed="left")],
    "rnn_cell": [StrOptions(set(CELLS))],
    "rnn_size": [Interval(Integral, 1, None, closed="left")],
    "hidden_size": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "word_dropout": [Interval(Real, 0, 1, closed="left")],
    "share_embeddings": ["boolean"],
    "share_encoder": ["boolean"],
    "predictor_input": [StrOptions(set(PREDICTOR_INPUTS))],
    "initial_selection": [Interval(Real, 0, 1, closed="neither"), StrOptions({"auto"})],
    "temperature": [Interval(Real, 0, None, closed="neither")],
    "temperature_decay": [Interval(Real, 0, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "predictor_learning_rate": [
        Interval(Real, 0, None, closed="neither"),
        StrOptions({"decoupled"}),
        None,
    ],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "max_epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
    "warmup_epochs": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
    "ramp_epochs": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "calibration": [StrOptions(set(CALIBRATIONS)), None],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "callbacks": [list, None],
    "warm_start": ["boolean"],
    "checkpoint_dir": [str, os.PathLike, None],
    "device": [str],
    "n_threads": [Interval(Integral, 1, None, closed="left"), None],
    "precision": [StrOptions(set(PRECISIONS))],
    "memory": [None, str, os.PathLike, HasMethods(["cache"])],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}

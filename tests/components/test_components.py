"""The parts of a classifier and their parameters, as a user meets them."""

import ast
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import Callback

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.classifier import estimator
from sklearn_irx.classifier.fitting import _NOT_IN_DIGEST
from sklearn_irx.components import (
    CNN,
    REGISTRIES,
    RNN,
    EncodingPenalty,
    Gumbel,
    HardKuma,
    LinearInit,
    Predictor,
    RandomInit,
    SparseMap,
    StraightThrough,
    TopK,
    Training,
)
from sklearn_irx.nn.training.checkpoint import Checkpoint
from tests.nn.networks import make_network

NAMED = [
    pytest.param(parameter, name, id=f"{parameter}={name}")
    for parameter, registry in REGISTRIES.items()
    for name in registry.named
    if name not in ("transformer", "distillation")  # which need a pretrained model
]
PARTS = sorted(
    {type(part) for registry in REGISTRIES.values() for part in registry.named.values()},
    key=lambda kind: kind.__name__,
)
OTHER = {
    "baseline_decay": 0.5, "batch_size": 7, "bigram_share": 0.8, "bigrams": False,
    "callbacks": [Callback()],
    "cell": "lstm", "checkpoint_dir": None, "class_focus": 1.0, "compare_epochs_by": "token_f1",
    "contiguous": True, "decay": 1e-3,
    "dropout": 0.25, "entropy": 0.1, "filter_sizes": (2, 3), "free_length": 2, "hidden_size": 3,
    "initial_selection": 0.4, "input": "compact", "lambda1": 0.2, "lambda2": 0.2,
    "layer_norm": False,
    "learning_rate": 0.01, "least": 0.5, "max_epochs": 3, "max_rationale_length": 3, "max_spans": 2,
    "max_transitions": 2,
    "model": "logistic", "n_filters": 3, "n_iter_no_change": 2, "neighbour_score": 0.3,
    "n_selectors": 2, "noise": 0.5,
    "patience": 1, "precision": "bfloat16", "predictor_learning_rate": 0.1,
    "ramp_epochs": 1, "rationale_length": 2, "rationale_weight": 0.5,
    "share_embeddings": True, "share_encoder": True,
    "smoothing": 3.0, "snap": 0.5, "span_length": 3.0, "style": "phrases", "unit": "sentence",
    "stretch": 0.3, "temperature": 0.5, "temperature_decay": 0.1, "text_length": 70,
    "validation_fraction": 0.3, "warmup_epochs": 1, "weight": 3.0,
    "weight_decay": 0.1, "word_dropout": 0.1,
}  # fmt: skip
"""A value that is not the default, for each parameter that may change what is trained."""


# Nested names


@pytest.mark.parametrize(
    ("given", "name", "value", "expected"),
    [
        ({"encoder": "rnn"}, "encoder__hidden_size", 5, RNN(hidden_size=5)),
        ({"encoder": CNN(n_filters=9)}, "encoder__filter_sizes", (2,), CNN((2,), n_filters=9)),
        ({"sampler": "straight_through"}, "sampler__temperature", 0.5,
         StraightThrough(temperature=0.5)),
        ({}, "initialization__class_focus", 1, LinearInit(class_focus=1)),
        ({"initialization": "combined"}, "initialization__bigrams", True,
         LinearInit("combined", bigrams=True)),
        ({"initialization": None}, "initialization__initial_selection", 0.5, RandomInit(0.5)),
        ({}, "predictor__input", "compact", Predictor(input="compact")),
        ({"objective": "encoding_penalty"}, "objective__weight", 3, EncodingPenalty(3)),
        ({}, "training__max_epochs", 2, Training(max_epochs=2)),
        ({"training": Training(dropout=0)}, "training__patience", 1,
         Training(dropout=0, patience=1)),
    ],
    ids=str,
)  # fmt: skip
def test_a_nested_name_is_set_where_the_part_is_a_name_none_or_an_object(
    given, name, value, expected
):
    clf = SelectiveRationaleClassifier(**given)
    parameter = name.partition("__")[0]
    assert name in clf.get_params()
    assert clf.set_params(**{name: value}) is clf
    assert repr(getattr(clf, parameter)) == repr(expected)
    assert clf.get_params()[name] == value
    assert repr(clone(clf)) == repr(clf)


def test_names_that_a_part_stands_for_have_its_defaults():
    clf = SelectiveRationaleClassifier(encoder="rnn", initialization=None)
    params = clf.get_params()
    assert params["encoder"] == "rnn"
    assert (params["encoder__cell"], params["encoder__hidden_size"]) == ("gru", 100)
    assert params["initialization__initial_selection"] == 0.73
    assert params["training__dropout"] == 0.5
    assert "encoder__n_filters" not in params
    # To look is not to set.
    assert repr(clf) == "SelectiveRationaleClassifier(encoder='rnn', initialization=None)"
    assert clone(clf).set_params(**params).get_params()["encoder__cell"] == "gru"


@pytest.mark.parametrize("names", [("encoder", "encoder__hidden_size")[::step] for step in (1, -1)])
def test_part_and_parameter_are_set_in_one_call_in_either_order(names):
    values = {"encoder": "rnn", "encoder__hidden_size": 5}
    clf = SelectiveRationaleClassifier(encoder=CNN(n_filters=3))
    clf.set_params(**{name: values[name] for name in names})
    assert repr(clf.encoder) == "RNN(hidden_size=5)"


def test_repr_and_diagram_show_what_was_set():
    clf = SelectiveRationaleClassifier(sampler=TopK(True), rationale_length=5)
    clf.set_params(training__max_epochs=2, encoder="cnn", encoder__n_filters=9)
    assert re.sub(r"\s+", " ", repr(clf)) == (
        "SelectiveRationaleClassifier(encoder=CNN(n_filters=9), rationale_length=5, "
        "sampler=TopK(contiguous=True), training=Training(max_epochs=2))"
    )
    assert "max_epochs" in clf._repr_html_()


def test_members_of_ensembles_have_nested_names():
    one, two = (SelectiveRationaleClassifier(encoder=name) for name in ("cnn", "rnn"))
    pair = InteractiveEnsemble(one, two).set_params(est1__encoder__n_filters=9)
    committee = InteractiveCommittee([("a", one), ("b", two)])
    committee.set_params(b__encoder__cell="lstm", a__training__dropout=0.1)
    assert repr(one.encoder) == "CNN(n_filters=9)"
    assert repr(two.encoder) == "RNN(cell='lstm')"
    assert pair.get_params()["est1__training__dropout"] == 0.1
    assert clone(committee).get_params()["b__encoder__cell"] == "lstm"


def test_a_grid_searches_nested_names_in_a_pipeline(small, reviews):
    texts, y, _ = reviews
    clean = FunctionTransformer(lambda texts: [text.strip() for text in texts])
    pipeline = make_pipeline(clean, small(training__max_epochs=1))
    name = "selectiverationaleclassifier__training__learning_rate"
    grid = {name: [1e-6, 1e-2], "selectiverationaleclassifier__lambda1": [0.0, 0.1]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(texts[:80], y[:80])
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.get_params()[name] == search.best_params_[name]
    assert search.predict(texts[:3]).shape == (3,)


def test_a_grid_searches_parts_together_with_their_parameters(small, reviews):
    texts, y, _ = reviews
    grid = [
        {"encoder": ["rnn"], "encoder__hidden_size": [3, 4]},
        {"encoder": [CNN((2,), n_filters=3)], "sampler": [Gumbel(), HardKuma()]},
    ]
    search = GridSearchCV(small(training__max_epochs=1), grid, cv=2, error_score="raise")
    search.fit(texts[:60], y[:60])
    assert len(search.cv_results_["params"]) == 4
    assert repr(grid[1]["encoder"][0]) == "CNN(filter_sizes=(2,), n_filters=3)"


def test_nothing_is_shared_by_default():
    def made():
        return SelectiveRationaleClassifier(
            sampler="straight_through", encoder="cnn", objective="encoding_penalty"
        )

    one, two = made(), made()
    for name, registry in REGISTRIES.items():
        key = next(iter(registry.find(getattr(one, name)).get_params()))
        default = two.get_params()[f"{name}__{key}"]
        one.set_params(**{f"{name}__{key}": OTHER[key]})
        assert two.get_params()[f"{name}__{key}"] == default
        assert made().get_params()[f"{name}__{key}"] == default
    three = clone(one).set_params(encoder__n_filters=77)
    assert one.encoder.n_filters != 77 == three.encoder.n_filters


def test_what_a_part_becomes_after_fit_does_not_change_the_model(small, reviews):
    texts, y, _ = reviews
    clf = small(training__max_epochs=1, predictor=Predictor(4)).fit(texts[:60], y[:60])
    before = clf.predict_proba(texts)
    clf.set_params(predictor__hidden_size=9, encoder__n_filters=9, training__precision="float32")
    assert clf._module.config.predictor.hidden_size == 4
    np.testing.assert_array_equal(clf.predict_proba(texts), before)


# Errors


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"encoder__n_filter": 3}, r"'n_filter' for estimator CNN\(\).*'n_filters'"),
        ({"encoder__hidden_size": 3}, r"'hidden_size' for estimator CNN\(\)"),
        ({"training__epochs": 3}, r"'epochs' for estimator Training\(\).*'max_epochs'"),
        ({"encoders__n_filters": 3}, r"'encoders' for estimator SelectiveRationale"),
        ({"encoder": "bert", "encoder__n_filters": 3}, r"encoder='bert': give one of 'cnn', 'rnn'"),
        ({"n_filters": 3}, r"'n_filters' for estimator SelectiveRationale"),
    ],
    ids=str,
)
def test_an_unknown_name_is_told_at_once(names, message):
    with pytest.raises(ValueError, match=message):
        SelectiveRationaleClassifier(encoder="cnn").set_params(**names)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"encoder": "bert"},
            r"encoder='bert': give one of 'cnn', 'rnn', 'transformer', None, or an .* CNN\(\)",
        ),
        ({"encoder": 3}, r"'encoder' parameter .* Got 3"),
        ({"encoder": ["cnn"]}, r"'encoder' parameter .* Got \['cnn'\]"),
        ({"encoder": CNN}, r"'encoder' parameter .* Got <class"),
        ({"encoder": Gumbel()}, r"encoder=Gumbel\(\): give one of 'cnn', 'rnn'"),
        ({"sampler": SparseMap(neighbour_score=-1)}, r"'neighbour_score' parameter .* Got -1"),
        ({"training": "fast"}, r"training='fast': give one of None, or an .* Training\(\)"),
        ({"predictor": "small"}, r"predictor='small': give one of None"),
        ({"training__learning_rate": -1}, r"'learning_rate' parameter of Training .* Got -1"),
        ({"training__max_epochs": 1.5}, r"'max_epochs' parameter of Training .* Got 1\.5"),
        ({"training": Training(dropout=1)}, r"'dropout' parameter of Training .* Got 1 "),
        ({"encoder__n_filters": 0}, r"'n_filters' parameter of CNN .* Got 0"),
        ({"encoder__filter_sizes": (3, 0)}, r"filter_sizes=\(3, 0\): give 1 to"),
        ({"encoder": RNN(cell="elman")}, r"'cell' parameter of RNN .* Got 'elman'"),
        ({"predictor__hidden_size": "big"}, r"'hidden_size' parameter of Predictor .* Got 'big'"),
        ({"initialization__class_focus": -0.5}, r"'class_focus' parameter of LinearInit .* -0\.5"),
        ({"initialization__initial_selection": "all"}, r"'initial_selection' .* Got 'all'"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_wrong_value_is_named_before_training(parameters, message, method):
    clf = SelectiveRationaleClassifier(encoder="cnn", embeddings="/nowhere")
    clf.set_params(**parameters)
    clf.get_params(), repr(clf)  # which stay possible
    more = {"classes": [0, 1]} if method == "partial_fit" else {}
    with pytest.raises(ValueError, match=message):
        getattr(clf, method)(["a b", "c d"], [0, 1], **more)


# The components themselves


def test_the_classifier_has_few_parameters_of_its_own():
    assert len(SelectiveRationaleClassifier().get_params(deep=False)) <= 27


@pytest.mark.parametrize("kind", PARTS)
def test_every_parameter_is_documented_and_constrained(kind):
    params = kind().get_params()
    assert params.keys() == kind._parameter_constraints.keys()
    for name, default in params.items():
        (documented,) = re.findall(rf"^    {name} : .*default=(.+)$", kind.__doc__, re.MULTILINE)
        assert ast.literal_eval(documented) == default
    kind().check()


@pytest.mark.parametrize(("parameter", "name"), NAMED)
def test_every_name_stands_for_a_component_that_can_be_cloned_and_builds(parameter, name):
    registry = REGISTRIES[parameter]
    part = registry.make(name)
    assert isinstance(part, registry.kind)
    assert part is not registry.named[name]
    assert repr(clone(part)) == repr(part) == repr(registry.named[name])
    vectors = np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32)
    by_name, by_object = (
        make_network(vectors, 2, **{parameter: value}).to_arrays() for value in (name, part)
    )
    assert {key: value.shape for key, value in by_name.items()} == {
        key: value.shape for key, value in by_object.items()
    }


@pytest.fixture
def file_of(small, reviews, tmp_path, monkeypatch):
    """Find the name of the checkpoint of a training, without the training."""

    class StoppedError(Exception):
        pass

    def train(net, training):
        raise StoppedError([one.path.name for one in net.callbacks if isinstance(one, Checkpoint)])

    monkeypatch.setattr(estimator, "train", train)
    texts, y, masks = reviews

    def find(n_marked=40, **parameters):
        clf = small(**parameters).set_params(training__checkpoint_dir=tmp_path)
        rationales = [*masks[:n_marked], *[None] * (40 - n_marked)]
        with pytest.raises(StoppedError) as stopped:
            clf.fit(texts[:40], y[:40], rationales=rationales)
        (name,) = stopped.value.args[0]
        return name

    return find


@pytest.mark.parametrize(("parameter", "name"), NAMED)
def test_what_changes_weights_gives_a_checkpoint_of_its_own(parameter, name, file_of):
    own = {"rationale_length": 3} if name in ("top_k", "sparsemap") else {}
    own[parameter] = name
    before = file_of(**own)
    assert file_of(**own) == before
    for key in REGISTRIES[parameter].find(name).get_params():
        nested = f"{parameter}__{key}"
        if name == OTHER[key] or (name, key) in (("sentences", "snap"), ("sentences", "unit")):
            continue  # as it is, or refused
        assert (file_of(**own, **{nested: OTHER[key]}) == before) == (nested in _NOT_IN_DIGEST)


def test_so_does_what_people_marked(file_of):
    assert len({file_of(n_marked=n) for n in (0, 39, 40)}) == 3


def test_so_do_the_parameters_of_the_classifier(file_of):
    names = SelectiveRationaleClassifier().get_params(deep=False).keys() - REGISTRIES.keys()
    files = [file_of(), *(file_of(**{name: OTHER[name]}) for name in names - _NOT_IN_DIGEST)]
    assert len(set(files)) == len(files) > 5


def test_callbacks_are_used_as_they_are(small, reviews):
    class Noting(Callback):
        def __init__(self, seen):
            self.seen = seen
            self.epochs = 0

        def on_epoch_end(self, net, **kwargs):
            self.epochs += 1

    noting = Noting([])
    clf = small(training=Training(max_epochs=2, callbacks=[noting]))
    clf.fit(reviews[0][:60], reviews[1][:60])
    assert clf.training.callbacks == [noting]
    assert noting.epochs == 2

"""Saving and loading: three doors to one state, and what a folder holds."""

import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import ExponentialLR

import sklearn_irx
from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import REGISTRIES, RNN, SAMPLERS, Component, LinearInit
from sklearn_irx.io import SKOPS_TYPES, NotSaved, load, save
from sklearn_irx.io._files import FORMAT_VERSION
from sklearn_irx.text import (
    AlphanumericTokenizer,
    HTMLTokenizer,
    Vocabulary,
    WhitespaceTokenizer,
    WordTokenizer,
    WordVectors,
)
from sklearn_irx.text.words import pack_words, unpack_words

KEPT = Path(__file__).parents[1] / "data" / "models"
KINDS = sorted(path.stem for path in KEPT.glob("*.json"))


def halves(text):
    """A tokenizer of somebody's own: words at odd places in halves."""
    return [(word.text, word.start, word.end) for word in WordTokenizer()(text)]


def json_of(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def plain(config):
    """The types and parameters of what a network is built from."""
    return {
        name: (type(part), part.get_params()) if hasattr(part, "get_params") else part
        for name, part in vars(config).items()
    }


def assert_alike(got, expected):
    """Fitted attributes are the same, to the bit and the type."""
    assert type(got) is type(expected)
    if isinstance(expected, FrozenEstimator):
        assert_alike(got.estimator, expected.estimator)
        return
    assert vars(got).keys() == vars(expected).keys()
    np.testing.assert_array_equal(got.classes_, expected.classes_)
    assert got.classes_.dtype == expected.classes_.dtype
    if hasattr(expected, "estimators_"):
        for one, other in zip(got.estimators_, expected.estimators_, strict=True):
            assert_alike(one, other)
        np.testing.assert_array_equal(
            got.calibration_temperatures_, expected.calibration_temperatures_
        )
        assert getattr(got, "rule_scores_", None) == getattr(expected, "rule_scores_", None)
        assert (got.rule_, got.referee_) == (expected.rule_, expected.referee_)
        assert got.cases_ == expected.cases_
        return
    for name in ("calibration_temperature_", "n_training_documents_", "n_validation_documents_"):
        assert getattr(got, name) == getattr(expected, name)
    assert got.vocabulary_.words == expected.vocabulary_.words
    assert got.vocabulary_.unseen_words == expected.vocabulary_.unseen_words
    assert got.history_.keys() == expected.history_.keys()
    for name, values in expected.history_.items():
        assert got.history_[name].dtype == values.dtype
        np.testing.assert_array_equal(got.history_[name], values)
    (config, arrays), (other_config, other_arrays) = (
        model.__getstate__()["_module"] for model in (got, expected)
    )
    assert plain(config) == plain(other_config)
    assert arrays.keys() == other_arrays.keys()
    for name, values in other_arrays.items():
        assert arrays[name].dtype == values.dtype
        np.testing.assert_array_equal(arrays[name], values)


def assert_reads_alike(got, expected, texts):
    np.testing.assert_array_equal(got.predict_proba(texts), expected.predict_proba(texts))
    np.testing.assert_array_equal(got.transform(texts), expected.transform(texts))


@pytest.fixture(scope="module")
def both(fitted, other, reviews):
    return InteractiveEnsemble(fitted, FrozenEstimator(other)).fit(reviews[0])


@pytest.fixture(scope="module")
def committee(fitted, other, small, reviews):
    texts, y, _ = reviews
    members = [
        ("a", fitted),
        ("b", other),
        ("c", small(training__max_epochs=1, sampler="hard_kuma")),
    ]
    return InteractiveCommittee(members, rule="auto", calibration="temperature").fit(
        texts[:100], y[:100], validation_data=(texts[300:], y[300:])
    )


@pytest.fixture(scope="module")
def learned(small, other, reviews):
    """A pair that has learned that its second member is always right."""
    texts, y, _ = reviews
    weak = small(random_state=3, training__max_epochs=1).fit(texts[:16], y[:16])
    both = InteractiveEnsemble(FrozenEstimator(weak), other, rule="learned", random_state=0)
    assert both.fit(texts, other.predict(texts)).rule_ == "learned"
    return both


@pytest.fixture(params=["fitted", "both", "committee", "learned"])
def model(request):
    """A fitted estimator of each kind."""
    return request.getfixturevalue(request.param)


# The folder


def test_a_folder_gives_back_what_was_saved(model, reviews, tmp_path):
    save(model, tmp_path / "model")
    again = load(tmp_path / "model")
    assert_alike(again, model)
    assert_reads_alike(again, model, reviews[0])
    assert str(again.explain(reviews[0][:1])[0]) == str(model.explain(reviews[0][:1])[0])


def test_what_is_saved_again_is_the_same(model, tmp_path):
    save(model, tmp_path / "one")
    save(load(tmp_path / "one"), tmp_path / "two")
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    ]
    assert files[0] == files[1]


def test_the_card_tells_what_was_learned_and_how_well(learned, both, tmp_path):
    save(learned, tmp_path / "model")
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "Two text classifiers" in card
    assert f"fitted on 400 texts; of the {learned.referee_.n_disputed} on which" in card
    assert "Algorithm 1" not in card
    save(both, tmp_path / "other")
    assert "Algorithm 1" in (tmp_path / "other" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_every_sampler_comes_back(sampler, small, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(sampler=sampler, rationale_length=5, max_transitions=6, training__max_epochs=1)
    clf.fit(texts[:60], y[:60])
    save(clf, tmp_path / "model")
    assert_alike(load(tmp_path / "model"), clf)
    assert_reads_alike(load(tmp_path / "model"), clf, texts[60:120])


@pytest.mark.parametrize(
    "more",
    [
        {"encoder": "rnn", "encoder__hidden_size": 4, "initialization": None},
        {"encoder": "rnn", "encoder__cell": "lstm", "encoder__hidden_size": 4},
        {"predictor__share_encoder": True, "predictor__input": "compact"},
        {"predictor__share_embeddings": True, "sampler": "top_k", "sampler__contiguous": True,
         "rationale_length": 0.2},
        {"initialization__class_focus": 1.0},
        {"initialization__class_focus": 1.0, "initialization__bigrams": True},
        {"max_unseen_words": 0, "class_weight": {"food": 2, "noise": 1.5, "hygiene": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_every_network_comes_back(more, small, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(**more, training__max_epochs=1).fit(texts[:60], y[:60])
    save(clf, tmp_path / "model")
    again = load(tmp_path / "model")
    assert_alike(again, clf)
    assert_reads_alike(again, clf, texts[60:120])
    kept = {
        name: value
        for name, value in clf.get_params().items()
        if name != "embeddings" and not isinstance(value, Component)
    }
    assert {name: again.get_params()[name] for name in kept} == kept
    assert {name: type(getattr(again, name)) for name in REGISTRIES} == {
        name: type(getattr(clf, name)) for name in REGISTRIES
    }


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b"],
        ["<b>", "späße"],
        [0, 1],
        [-(2**40), 7],
        [True, False],
        np.array([3, 4], dtype=np.uint8),
        np.array(["x", "y"], dtype="U40"),
        np.array(["x", "y"], dtype=object),
        np.array([1.0, 2.0]),
    ],
    ids=repr,
)
def test_labels_keep_their_type(labels, small, reviews, tmp_path):
    y = np.array(labels)[[0, 1] * 20]
    clf = small(training__max_epochs=1).fit(reviews[0][:40], y)
    save(clf, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.classes_.dtype == clf.classes_.dtype
    assert again.classes_.tolist() == clf.classes_.tolist()
    assert type(again.predict(["ants"])[0]) is type(clf.predict(["ants"])[0])


@pytest.mark.parametrize(
    "labels", [np.array([b"a", b"b"]), np.array([1, "b"], dtype=object)], ids=repr
)
def test_labels_that_cannot_be_written_are_named(labels, fitted, tmp_path):
    strange = pickle.loads(pickle.dumps(fitted))
    strange.classes_ = labels
    with pytest.raises(TypeError, match=r"classes_ has dtype .*: fit with such labels, or save"):
        save(strange, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_words_of_any_kind_come_back(tmp_path, small):
    odd = ["\\", "\\n", "a\nb", "\r", "\x85", "\ud83d\ude42", "\ud800", "🙂", "", " ", "\0"]
    assert unpack_words(pack_words(odd), len(odd)) == odd
    for n in (0, 1, len(odd)):
        assert unpack_words(pack_words(odd[:n]), n) == odd[:n]
    again = pickle.loads(pickle.dumps(Vocabulary(odd[:4], odd[4:])))
    assert (again.words, again.unseen_words) == (odd[:4], odd[4:])
    assert again.lookup(odd).tolist() == list(range(2, len(odd) + 2))


@pytest.mark.parametrize(
    ("data", "n_words"), [(b"a\n", 2), (b"a\nb", 1), (b"a", 0), (b"\\x\n", 1), (b"\xff\n", 1)]
)
def test_words_that_are_not_so_many_are_refused(data, n_words):
    with pytest.raises(ValueError, match=r"instead|no escape sequence|decode"):
        unpack_words(data, n_words)


def test_members_that_are_the_same_stay_the_same_and_are_written_once(fitted, reviews, tmp_path):
    twice = InteractiveEnsemble(fitted, FrozenEstimator(fitted)).fit(reviews[0])
    save(twice, tmp_path / "twice")
    save(fitted, tmp_path / "once")
    sizes = [next((tmp_path / name).glob("weights-*")).stat().st_size for name in ("once", "twice")]
    assert sizes[1] < sizes[0] + 100
    again = load(tmp_path / "twice")
    assert again.est1 is again.estimators_[0]
    assert again.estimators_[1].estimator is again.est1


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_vectors_that_members_share_are_written_once(small, reviews, tmp_path):
    texts, y, _ = reviews
    vectors = WordVectors([f"w{i}" for i in range(4000)], np.ones((4000, 8)))
    made = [
        small(embeddings=vectors, training__max_epochs=1, random_state=i).fit(
            texts[:60], y[:60], validation_data=(texts[60:80], y[60:80])
        )
        for i in range(2)
    ]
    both = InteractiveEnsemble(*made).fit(texts)
    save(both, tmp_path / "model")
    unseen = 2 * 4000 * 8
    arrays = [a for clf in made for a in clf.__getstate__()["_module"][1].values()]
    total = sum(array.nbytes for array in arrays)
    assert next((tmp_path / "model").glob("weights-*")).stat().st_size < total - 0.9 * unseen
    assert len(list((tmp_path / "model").glob("vocabulary-*"))) == 1
    assert_reads_alike(load(tmp_path / "model"), both, texts[:50])


def test_an_unfitted_estimator_is_not_saved(small, tmp_path):
    with pytest.raises(NotFittedError):
        save(small(), tmp_path / "model")
    with pytest.raises(TypeError, match=r"(?s)=Pipeline.*: give its last step"):
        save(make_pipeline(small()).fit(["ants", "bed"] * 9, [0, 1] * 9), tmp_path / "model")


def test_a_class_of_ones_own_is_not_saved(fitted, tmp_path):
    class Own(SelectiveRationaleClassifier):
        pass

    own = Own()
    own.__setstate__(fitted.__getstate__())
    with pytest.raises(TypeError, match="Own cannot be saved in a folder"):
        save(own, tmp_path / "model")


def test_weights_that_are_no_numbers_are_not_saved(fitted, tmp_path):
    config, arrays = fitted.__getstate__()["_module"]
    broken = pickle.loads(pickle.dumps(fitted))
    arrays = {**arrays, "predictor.output.bias": np.full(3, np.nan, dtype=np.float32)}
    broken.__setstate__({**fitted.__getstate__(), "_module": (config, arrays)})
    with pytest.raises(ValueError, match=r"predictor\.output\.bias are not finite: training has"):
        save(broken, tmp_path / "model")


def test_without_safetensors_the_extra_is_named(fitted, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for act in (lambda: save(fitted, tmp_path / "model"), lambda: load(KEPT / KINDS[0])):
        with pytest.raises(ImportError, match=r"sklearn-irx\[io\]"):
            act()


# Parameters that no JSON holds


def test_a_tokenizer_of_this_package_comes_back(small, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(tokenizer=WhitespaceTokenizer(), training__max_epochs=1).fit(texts[:60], y[:60])
    save(clf, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.tokenizer == WhitespaceTokenizer()
    assert again.has_same_words_as(clf)
    assert load(tmp_path / "model", tokenizer=WhitespaceTokenizer()).has_same_words_as(clf)
    with pytest.raises(ValueError, match="WhitespaceTokenizer: leave tokenizer out"):
        load(tmp_path / "model", tokenizer=WordTokenizer())
    with pytest.raises(TypeError, match="tokenizer='words' cannot be called"):
        load(tmp_path / "model", tokenizer="words")


@pytest.mark.parametrize(
    "tokenizer",
    [
        WordTokenizer(apostrophes=True, hyphens=True),
        AlphanumericTokenizer(),
        WhitespaceTokenizer(normalize=False),
        HTMLTokenizer(),
        HTMLTokenizer(WordTokenizer(hyphens=True)),
    ],
    ids=repr,
)
def test_a_tokenizer_comes_back_with_its_options(small, reviews, tmp_path, tokenizer):
    texts, y, _ = reviews
    clf = small(tokenizer=tokenizer, training__max_epochs=1).fit(texts[:60], y[:60])
    save(clf, tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.tokenizer == tokenizer
    np.testing.assert_array_equal(again.predict_proba(texts), clf.predict_proba(texts))


def test_a_segmenter_has_to_be_given(small, reviews, tmp_path):
    texts, y, _ = reviews
    tokenizer = WordTokenizer(segmenter=list)
    clf = small(tokenizer=tokenizer, training__max_epochs=1).fit(texts[:60], y[:60])
    save(clf, tmp_path / "model")
    with pytest.raises(ValueError, match="WordTokenizer, which is not saved with it"):
        load(tmp_path / "model")
    assert load(tmp_path / "model", tokenizer=tokenizer).has_same_words_as(clf)


@pytest.mark.parametrize("together", [False, True])
def test_another_tokenizer_has_to_be_given(together, small, reviews, tmp_path):
    texts, y, _ = reviews
    model = small(tokenizer=halves, training__max_epochs=1)
    if together:
        model = InteractiveEnsemble(
            model, small(tokenizer=halves, random_state=1, training__max_epochs=1)
        )
    model.fit(texts[:60], y[:60])
    save(model, tmp_path / "model")
    with pytest.raises(ValueError, match=r"tokenizer=None.*test_save_load\.halves.*give it, load"):
        load(tmp_path / "model")
    assert "test\\_save\\_load\\.halves" in (tmp_path / "model" / "README.md").read_text(
        encoding="utf-8"
    )
    again = load(tmp_path / "model", tokenizer=halves)
    assert_reads_alike(again, model, texts[:50])
    clone(again).set_params(
        **{name: None for name in again.get_params() if name.split("__")[-1] == "embeddings"}
    ).fit(texts[:20], y[:20])  # nothing else is missing


def test_what_cannot_be_written_is_described_and_asked_for(small, reviews, tmp_path):
    texts, y, _ = reviews
    clf = small(
        training__callbacks=[LRScheduler(ExponentialLR, gamma=0.9)],
        memory=str(tmp_path / "memory"),
        random_state=np.random.RandomState(0),
        training__max_epochs=1,
    ).fit(texts[:60], y[:60])
    save(clf, tmp_path / "model")
    again = load(tmp_path / "model")
    assert_reads_alike(again, clf, texts[60:90])
    assert again.memory is None
    remedies = {
        "random_state": 0,
        "training__callbacks": None,
        "embeddings": WordVectors(["ants"], np.ones((1, 4))),
    }
    assert all(isinstance(again.get_params()[name], NotSaved) for name in remedies)
    for _ in remedies:
        with pytest.raises((ValueError, TypeError), match="was not saved with the model") as caught:
            clone(again).fit(texts[:60], y[:60])
        missing = next(key for key in remedies if f"set_params({key}=...)" in str(caught.value))
        again.set_params(**{missing: remedies[missing]})
    again.fit(texts[:60], y[:60])
    save(again, tmp_path / "model", overwrite=True)
    assert json_of(tmp_path / "model")["estimators"][0]["parameters"]["random_state"] == 0


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # gensim opens it twice
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_names_and_paths_of_vectors_are_kept(small, reviews, tmp_path):
    (tmp_path / "v.txt").write_text("ants 1 2\nbed 2 1\n")
    texts, y, _ = reviews
    clf = small(embeddings=[tmp_path / "v.txt", None], training__max_epochs=1).fit(
        texts[:40], y[:40]
    )
    save(clf, tmp_path / "model")
    assert load(tmp_path / "model").embeddings == [tmp_path / "v.txt", None]


# What is there already


def test_only_a_model_is_written_over_and_only_if_told(fitted, other, reviews, tmp_path):
    folder = tmp_path / "model"
    save(fitted, folder)
    (folder / "notes.txt").write_text("mine")
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(FileExistsError, match="holds a model: overwrite=True replaces it"):
        save(other, folder)
    save(other, folder, overwrite=True)
    assert_reads_alike(load(folder), other, reviews[0][:20])
    assert (folder / "notes.txt").read_text() == "mine"
    assert len(list(folder.iterdir())) == len(before)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_something_else_is_left_alone(overwrite, fitted, tmp_path):
    for name, content in (("a.txt", "mine"), ("model.json", '{"format": "other"}')):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(content)
        with pytest.raises(FileExistsError, match="is not empty and holds no model"):
            save(fitted, folder, overwrite=overwrite)
        assert [path.name for path in folder.iterdir()] == [name]
    with pytest.raises(FileExistsError, match="is a file"):
        save(fitted, tmp_path / "a" / "a.txt", overwrite=overwrite)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        save(fitted, tmp_path / "missing" / "model", overwrite=overwrite)


def test_an_empty_folder_or_one_with_hidden_files_is_filled(fitted, tmp_path, monkeypatch):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    save(fitted, tmp_path / "repository")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    save(fitted, ".")
    for name in ("repository", "here"):
        assert load(tmp_path / name).classes_.tolist() == fitted.classes_.tolist()


# The other doors, and another process

_READ = """
import sys, joblib, numpy as np, skops.io, sklearn_irx
from sklearn_irx.io import SKOPS_TYPES
folder, *texts = sys.argv[1:]
models = [
    joblib.load(f"{folder}/model.joblib"),
    skops.io.load(f"{folder}/model.skops", trusted=list(SKOPS_TYPES)),
    sklearn_irx.load(f"{folder}/model"),
]
np.save(f"{folder}/said.npy", [model.predict_proba(texts) for model in models])
"""


def test_each_door_opens_in_another_process(committee, reviews, tmp_path, subprocess_environment):
    joblib.dump(committee, tmp_path / "model.joblib")
    skops.io.dump(committee, tmp_path / "model.skops")
    save(committee, tmp_path / "model")
    texts = reviews[0][300:330]
    subprocess.run(
        [sys.executable, "-c", _READ, str(tmp_path), *texts],
        env={**subprocess_environment, "CUDA_VISIBLE_DEVICES": ""},
        cwd=Path(sklearn_irx.__file__).parents[1],
        check=True,
        timeout=300,
    )
    for said in np.load(tmp_path / "said.npy"):
        np.testing.assert_array_equal(said, committee.predict_proba(texts))


def test_skops_needs_to_trust_types_of_this_package_alone(model, reviews):
    data = skops.io.dumps(model)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert set(untrusted) <= {*SKOPS_TYPES, "sklearn.frozen._frozen.FrozenEstimator"}
    again = skops.io.loads(data, trusted=untrusted)
    assert_alike(again, model)
    assert_reads_alike(again, model, reviews[0][:50])
    assert len(data) < 5 * len(pickle.dumps(model))


def test_all_parts_of_this_package_are_among_the_types_to_trust():
    parts = (part for registry in REGISTRIES.values() for part in registry.named.values())
    names = {f"{type(part).__module__}.{type(part).__qualname__}" for part in parts}
    assert {name for name in names if name.startswith("sklearn_irx.")} <= set(SKOPS_TYPES)


def test_a_pickle_holds_the_weights_and_neither_texts_nor_optimizer(small, reviews):
    texts, y, _ = reviews
    callback = LRScheduler(ExponentialLR, gamma=0.9)
    clf = small(embeddings=None, training__callbacks=[callback], training__max_epochs=1).fit(
        texts[:150], y[:150]
    )
    assert hasattr(callback, "lr_scheduler_"), "it holds no optimizer: this test sees nothing"
    data = pickle.dumps(clf)
    weights = sum(array.nbytes for array in clf.__getstate__()["_module"][1].values())
    words = sum(len(word) + 1 for word in clf.vocabulary_.words)
    assert weights < len(data) < weights + words + 15_000
    assert texts[0].encode() not in data
    again = pickle.loads(data)
    assert_reads_alike(again, clf, texts)
    clone(again).fit(texts[:60], y[:60])


@pytest.mark.filterwarnings("ignore:embeddings has vectors for 0:UserWarning")
def test_pickled_vectors_are_those_given_and_shared_ones_are_kept_once(small, reviews):
    texts, y, _ = reviews
    vectors = WordVectors([f"w{i}" for i in range(2000)], np.ones((2000, 8)))
    both = InteractiveEnsemble(
        small(embeddings=vectors, training__max_epochs=1, max_unseen_words=0),
        small(embeddings=vectors, training__max_epochs=1, max_unseen_words=0, random_state=1),
    ).fit(texts[:60], y[:60])
    again = pickle.loads(pickle.dumps(both))
    assert again.est1.embeddings is again.estimators_[1].embeddings
    assert again.est1.embeddings.words == vectors.words
    np.testing.assert_array_equal(again.est1.embeddings.rows(["w3"]), vectors.rows(["w3"]))
    clone(again).fit(texts[:40], y[:40])


# What was saved once


@pytest.mark.parametrize("kind", KINDS)
def test_models_saved_long_ago_say_what_they_said(kind):
    expected = json.loads((KEPT / f"{kind}.json").read_text(encoding="utf-8"))
    base = KEPT / expected["base"] if "base" in expected else None
    model = load(KEPT / kind, base=base)
    texts = expected["texts"]
    # To rounding: other processors add in another order.
    np.testing.assert_allclose(model.predict_proba(texts), expected["probabilities"], atol=1e-5)
    assert model.predict(texts).tolist() == expected["labels"]
    masks = [np.flatnonzero(mask).tolist() for mask in model.transform(texts)]
    assert masks == expected["masks"]


def date_back(folder, version, *replaced):
    """Let a saved model be of a former format, with what else (new, old) was written otherwise."""
    file = folder / "model.json"
    text = file.read_text()
    now = f'"format_version": {FORMAT_VERSION}'
    for new, old in ((now, f'"format_version": {version}'), *replaced):
        assert new in text
        text = text.replace(new, old)
    file.write_text(text)


def test_recurrent_networks_of_former_versions_go_on_without_a_norm(small, reviews, tmp_path):
    texts, y, _ = reviews
    model = small(encoder=RNN(layer_norm=False), warm_start=True, training__max_epochs=1)
    save(model.fit(texts[:60], y[:60]), tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    written = json.loads(file.read_text())
    (record,) = written["estimators"]
    record["parameters"]["encoder"] = "rnn"
    del record["fitted"]["network"]["encoder"]["parameters"]["layer_norm"]
    file.write_text(json.dumps({**written, "format_version": 6}))
    loaded = load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    assert repr(loaded.encoder) == "RNN(layer_norm=False)"
    loaded.fit(texts[:60], y[:60])


def test_limits_of_transitions_of_former_versions_are_warned_of(small, reviews, tmp_path):
    texts, y, _ = reviews
    alone = LinearInit(bigrams=False)
    model = small(rationale_length=8, max_transitions=6, initialization=alone).fit(texts, y)
    save(model, tmp_path / "model")
    assert load(tmp_path / "model")._module.sampler.transition_cost > 0
    date_back(tmp_path / "model", 2)
    with pytest.warns(UserWarning, match="limited transitions in another way.*train it again"):
        load(tmp_path / "model")


def test_passages_of_former_versions_are_warned_of(small, reviews, tmp_path):
    texts, y, _ = reviews
    alone = LinearInit(bigrams=False)
    model = small(style="passage", sampler="auto", initialization=alone).fit(texts, y)
    save(model, tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tmp_path / "model")
    date_back(tmp_path / "model", 3)
    with pytest.warns(UserWarning, match="passages avoided unknown words.*train it again"):
        load(tmp_path / "model")


def test_smoothing_of_former_versions_is_warned_of(small, reviews, tmp_path):
    texts, y, _ = reviews
    focused = LinearInit(bigrams=False, smoothing=2.0, class_focus=1)
    save(small(initialization=focused).fit(texts, y), tmp_path / "model")
    date_back(tmp_path / "model", 5)
    with pytest.warns(UserWarning, match="smoothed class-conditional.*train it again"):
        load(tmp_path / "model")


def test_bigrams_of_former_versions_classify_whole_texts_alone(small, reviews, tmp_path):
    texts, y, _ = reviews
    model = small(initialization=LinearInit(class_focus=1.0, bigrams="whole")).fit(texts, y)
    save(model, tmp_path / "model")
    date_back(tmp_path / "model", 3, ('"bigrams": "whole"', '"bigrams": true'))
    loaded = load(tmp_path / "model")
    assert loaded.initialization.bigrams == "whole"
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))

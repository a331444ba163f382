"""Folders that are damaged, foreign or made to do harm: one clear error, and nothing else."""

import json
import os
import pickle
import shutil
import struct
import sys
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_irx.exchange import FEATURES
from sklearn_irx.io import ModelFileError, load, save
from sklearn_irx.io._files import data_name, digest


@pytest.fixture(scope="module")
def saved(small, reviews, tmp_path_factory):
    """A saved ensemble of two small members. Not to be changed."""
    from sklearn_irx import InteractiveEnsemble

    texts, y, _ = reviews
    made = [
        small(
            training__max_epochs=1, random_state=i, encoder__n_filters=2, predictor__hidden_size=2
        ).fit(texts[:40], y[:40])
        for i in range(2)
    ]
    folder = tmp_path_factory.mktemp("saved") / "model"
    save(InteractiveEnsemble(*made).fit(texts), folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of it, to be changed."""
    return shutil.copytree(saved, tmp_path / "model")


def read(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def write(folder, model):
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")


def replace_data(folder, kind, data):
    """Put other data in place of a file, with a name and digest that fit."""
    model = read(folder)
    entry = model["weights"] if kind == "weights" else model["vocabularies"][0]
    (folder / entry["name"]).unlink()
    entry.update(name=data_name(kind, data), bytes=len(data), sha256=digest(data))
    (folder / entry["name"]).write_bytes(data)
    write(folder, model)


def weights_of(folder):
    return next(folder.glob("weights-*"))


def refused(folder, match):
    with pytest.raises(ModelFileError, match=match) as caught:
        load(folder)
    assert str(folder) in str(caught.value)


# Damage


def test_what_is_no_model_is_named(folder, tmp_path):
    refused(tmp_path / "missing", "is not there: give the folder")
    refused(folder / "model.json", "is a file: give the folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", r"has no model\.json")


@pytest.mark.parametrize("pattern", ["weights-*", "vocabulary-*"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "longer", "flipped", "empty"])
def test_a_damaged_data_file_is_named(folder, pattern, damage):
    path = next(folder.glob(pattern))
    data = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path.write_bytes({"truncated": data[:-9], "longer": data + b"x", "empty": b""}[damage])
    refused(folder, rf"{path.name} (is missing|has [\d,]+ bytes|is not the file)")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not readable JSON"),
        (b"{", "is not readable JSON"),
        (b"\xff\xfe", "is not readable JSON"),
        (b"[" * 100_000, "is not readable JSON"),
        (b'{"a":' * 100_000, "is not readable JSON"),
        (b'{"format": NaN}', "is not readable JSON .*NaN"),
        (b'{"format": 1e999}', "is not readable JSON"),
        (b'{"format": ' + b"9" * 5000 + b"}", "is not readable JSON"),
        (b"[]", "does not describe a model"),
        (b'{"format": "pt"}', "does not describe a model"),
        (b'{"format": "sklearn_irx.model"}', "format_version=None"),
        (b'{"format": "sklearn_irx.model", "format_version": 8}', "upgrade sklearn_irx"),
        (b'{"format": "sklearn_irx.model", "format_version": true}', "format_version=True"),
        (b'{"format": "sklearn_irx.model", "format_version": 1}', "what files there are"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_damaged_description_is_named(folder, content, said):
    (folder / "model.json").write_bytes(content)
    refused(folder, said)


def test_a_description_of_gigabytes_is_not_read(folder):
    with (folder / "model.json").open("r+b") as file:
        file.truncate(5 * 2**30)  # takes no room on the disk
    refused(folder, "at most 16,777,216 are read")


def test_weights_of_terabytes_are_not_read(folder):
    with weights_of(folder).open("r+b") as file:
        file.truncate(5 * 2**30)
    refused(folder, "and at most .* are read")


# Files that are none, or elsewhere


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "weights-0123456789abcdef.safetensors/../../secret", "", ".",
     "weights-.safetensors", "weights-0123456789abcdef.pkl", "weights-0123456789ABCDEF.safetensors",
     "weights-0123456789abcdef.safetensors\n", "\0", "w" * 5000],
)  # fmt: skip
def test_a_path_out_of_the_folder_is_not_followed(folder, name):
    (folder.parent / "secret").write_text("secret")
    model = read(folder)
    model["weights"]["name"] = name
    write(folder, model)
    refused(folder, "names .* as its weights file, which no model does")


def test_a_vocabulary_is_no_weights_file(folder):
    model = read(folder)
    model["weights"] = model["vocabularies"][0]
    write(folder, model)
    refused(folder, "as its weights file")


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are POSIX")
@pytest.mark.parametrize("name", ["model.json", "weights"])
def test_links_pipes_and_folders_are_not_read(folder, name):
    path = folder / "model.json" if name == "model.json" else weights_of(folder)
    elsewhere = folder.parent / "elsewhere"
    shutil.copy(path, elsewhere)
    for make in (
        lambda: path.symlink_to(elsewhere),
        lambda: path.symlink_to("/dev/zero"),
        lambda: os.mkfifo(path),
        path.mkdir,
    ):
        path.unlink()
        make()
        refused(folder, "is a symbolic link|is no regular file")
        if path.is_dir():
            path.rmdir()


def test_no_pickle_is_opened(folder):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("a pickle was opened",)

    bomb = pickle.dumps(Bomb())
    replace_data(folder, "weights", bomb)
    refused(folder, "are no safetensors file")
    (folder / "model.json").write_bytes(bomb)
    refused(folder, "is not readable JSON")


# Weights


def header(**tensors):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 2**63) + b"{}",
        header(a={"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}),
        header(a={"dtype": "F32", "shape": [10**12], "data_offsets": [0, 0]}),
        header(a={"dtype": "F32", "shape": [2**33, 2**33], "data_offsets": [0, 0]}),
        header(a={"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}) + b"1234",
        header(a={"dtype": "object", "shape": [1], "data_offsets": [0, 4]}) + b"1234",
    ],
    ids=repr,
)
def test_weights_that_say_more_than_they_hold_are_refused(folder, data):
    replace_data(folder, "weights", data)
    tracemalloc.start()
    refused(folder, "are no safetensors file")
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


def cast(arrays, name, dtype):
    arrays[name] = arrays[name].astype(dtype)


def reshape(arrays, name, shape):
    arrays[name] = np.zeros(shape, dtype=arrays[name].dtype)


def fill(arrays, name, value):
    arrays[name] = np.full_like(arrays[name], value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.pop("1.predictor.output.bias"), "there is no array"),
        (lambda a: a.update(extra=np.zeros(3)), "'extra' belongs to no estimator"),
        (lambda a: cast(a, "1.predictor.output.bias", "f8"), r"float64 where \(3,\) and float32"),
        (lambda a: cast(a, "1.unseen", "i4"), "unseen has the type int32"),
        (lambda a: cast(a, "1.selector.text_encoder.vectors.weight", "f2"), "float32 are expected"),
        (lambda a: reshape(a, "1.predictor.output.bias", 4), "3 labels for 4 classes"),
        (lambda a: reshape(a, "1.predictor.output.bias", ()), "an entry for each class"),
        (lambda a: reshape(a, "1.unseen", (0, 2**40)), "rows for|shape"),
        (lambda a: reshape(a, "1.selector.text_encoder.vectors.weight", ()), "must be there"),
        (lambda a: reshape(a, "1.selector.text_encoder.vectors.weight", (9, 8)), "9 rows for"),
        (lambda a: fill(a, "1.predictor.output.bias", np.nan), "are not finite"),
        (lambda a: fill(a, "1.unseen", np.inf), "are not finite"),
        (lambda a: reshape(a, "1.history.best", (2, 2)), "history is written"),
        (lambda a: cast(a, "1.history.epoch", "i2"), "history is written"),
    ],
)
def test_weights_that_do_not_fit_are_named(folder, change, said):
    arrays = safetensors.numpy.load_file(weights_of(folder))
    change(arrays)
    replace_data(folder, "weights", safetensors.numpy.save(arrays))
    refused(folder, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda words: words + b"more\n", "lines instead"),
        (lambda words: words[:-1], "lines instead"),
        (lambda words: words.replace(b"\n", b"\nx\\q", 1), "no escape sequence"),
        (lambda words: words.replace(b"\n", b"\xff\n", 1), "codec can't decode"),
        (lambda words: b"a\na\n" + words.split(b"\n", 2)[2], "one of them twice"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_named(folder, change, said):
    words = (folder / read(folder)["vocabularies"][0]["name"]).read_bytes()
    replace_data(folder, "vocabulary", change(words))
    refused(folder, said)


# What the description says


def parameter(name, value):
    return lambda m: m["estimators"][1]["parameters"].update({name: value})


def network(name, value):
    """Change what a network is built from: ``rationale_length``, ``encoder__n_filters``."""

    def change(model):
        config = model["estimators"][1]["fitted"]["network"]
        part, _, own = name.partition("__")
        if own:
            config[part]["parameters"][own] = value
        else:
            config[part] = value

    return change


def component(name, **parameters):
    """A part of a classifier as a file says it."""
    return {"type": "component", "name": name, "parameters": parameters}


def fitted(name, value, number=1):
    return lambda m: m["estimators"][number]["fitted"].update({name: value})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.pop("estimators"), "'estimators' is missing"),
        (lambda m: m.update(estimators=[]), "there is no estimator 0"),
        (lambda m: m["estimators"].append(m["estimators"][1]), "not all are used"),
        (lambda m: m["estimators"][0].update({"class": "Pipeline"}), "no class that can be loaded"),
        (lambda m: m["estimators"][0].update({"class": "os.system"}), "no class that can be"),
        (lambda m: m["estimators"][0].update({"class": ["a"]}), "no class that can be"),
        (lambda m: m["estimators"][0].update({"more": 1}), "written in another way"),
        (lambda m: m["estimators"][0].pop("fitted"), "estimator 0 is not fitted"),
        (lambda m: m["estimators"][1].pop("fitted"), "a member is not fitted"),
        (lambda m: m.update(vocabularies=m["vocabularies"] * 2), "a vocabulary belongs to no"),
        (lambda m: m["estimators"][0]["parameters"].update(
            est1={"type": "estimator", "number": 0}), "a member of itself"),
        (lambda m: m["estimators"][0]["parameters"].update(est1=None), "cannot be a member"),
        (lambda m: m["estimators"][0]["parameters"].pop("est1"), "est1"),
        (parameter("unheard_of", 1), "has no parameter 'unheard_of'"),
        (parameter("self", 1), "has no parameter 'self'"),
        (parameter("lambda1", -1), "lambda1"),
        (parameter("lambda1", "many"), "lambda1"),
        (parameter("memory", "/tmp/pickles"), "memory is to be None"),
        (parameter("tokenizer", {"type": "tokenizer", "name": "os.system"}), "stands for nothing"),
        (parameter("tokenizer", {"type": "estimator", "number": 2}), "stands where none can"),
        (parameter("training", {"type": "object", "class": "os.system"}), "stands for nothing"),
        (parameter("training", component("Popen", args=["rm"])), "not registered"),
        (parameter("training", component("Training", callbacks={"type": "object"})), "stands for"),
        (parameter("training", component("Training", learning_rate=-1)), "learning_rate"),
        (parameter("training", component("Training", unheard_of=1)), "unheard_of"),
        (parameter("class_weight", {"type": "dict", "items": [[[1], 2]]}), "stands for nothing"),
        (parameter("n_threads", 10**6), "no number of threads"),
        (parameter("n_threads", True), "n_threads"),
        (fitted("max_length", 10**12), "max_length is"),
        (fitted("max_length", 0), "max_length is"),
        (fitted("max_length", True), "max_length is"),
        (fitted("calibration_temperature", 0), "calibration_temperature is 0"),
        (fitted("calibration_temperature", "hot"), "calibration_temperature is 'hot'"),
        (fitted("tokenizer", None), "tokenizer is written"),
        (fitted("vocabulary", 7), "vocabulary is"),
        (fitted("history", {}), "history is written"),
        (fitted("arrays", {}), "must be there"),
        (fitted("classes", {"dtype": "U7", "values": ["a", "b"]}), "2 labels for 3 classes"),
        (fitted("classes", {"dtype": "U7", "values": ["a", "a", "b"]}), "classes are written"),
        (fitted("classes", {"dtype": "U99999999", "values": ["a", "c", "b"]}), "classes are wr"),
        (fitted("classes", {"dtype": "O", "values": ["a", "c", "b"]}), "classes are written"),
        (fitted("classes", {"dtype": "i1", "values": [1, 2, 300]}), "classes are written"),
        (fitted("classes", {"dtype": "U7", "values": ["a", "b", "c"]}), "has other labels"),
        (fitted("members", [1, 9], 0), "there is no estimator 9"),
        (fitted("members", [1], 0), "needs two members"),
        (fitted("members", ["a", "b"], 0), "the members are"),
        (fitted("names", ["a", "b"], 0), "are named"),
        (fitted("calibration_temperatures", [1, -1], 0), "calibration_temperatures"),
        (fitted("calibration_temperatures", ["inf", "inf"], 0), "calibration_temperatures"),
        (network("encoder__n_filters", 10**12), "n_filters|make no network|shape"),
        (network("encoder__n_filters", 3), "shape"),
        (network("encoder__filter_sizes", {"type": "tuple", "items": [10**12]}), "filter_sizes"),
        (network("encoder__filter_sizes", {"type": "tuple", "items": [3] * 10**5}), "filter_si"),
        (network("encoder", component("RNN", hidden_size=2)), "missing|not expected"),
        (network("encoder", component("HardKuma")), "encoder of the network is written"),
        (network("encoder", "cnn"), "encoder of the network is written"),
        (network("predictor__hidden_size", 10**30), "hidden_size|make no network|shape"),
        (network("sampler", component("Dice")), "not registered"),
        (network("sampler", component("Reinforce")), r"sampler\.baseline is missing"),
        (network("sampler__temperature", 0), "temperature"),
        (network("initialization", component("RandomInit")), "not expected"),
        (network("initialization__class_focus", 1), "missing|not expected"),
        (network("training__precision", {"type": "not saved", "description": "x"}), "not saved"),
        (network("training__dropout", 2), "dropout"),
        (network("max_rationale_length", 10**30), "max_rationale_length"),
        (network("unheard_of", 1), "unheard_of"),
    ],
)  # fmt: skip
def test_a_description_that_makes_no_sense_is_named(folder, change, said):
    model = read(folder)
    change(model)
    write(folder, model)
    refused(folder, said)


REFEREE = {
    "n_texts": 90,
    "n_disputed": 40,
    "n_decidable": 30,
    "accuracy": 0.75,
    "accuracy_convinced": 0.5,
    "C": 0.1,
    "coefficients": dict.fromkeys(FEATURES, 0.5),
    "intercepts": [0.0, 1.0],
}


def with_referee(folder, changes, rule="learned"):
    model = read(folder)
    model["estimators"][0]["fitted"].update(rule=rule, referee={**REFEREE, **changes})
    write(folder, model)


def test_a_referee_is_read(folder, reviews):
    with_referee(folder, {})
    again = load(folder)
    assert (again.rule_, again.referee_.intercepts) == ("learned", (0, 1))
    assert set(again.exchange(reviews[0][:40]).case) <= set(again.cases_)
    with_referee(folder, {"accuracy_convinced": 0.75}, rule="convinced")
    assert load(folder).rule_ == "convinced"


@pytest.mark.parametrize(
    ("changes", "rule", "said"),
    [
        ({}, "convinced", "rule is 'convinced'"),
        ({}, "mean", "rule is 'mean'"),
        ({}, ["learned"], "rule is"),
        ({"accuracy": 0.5}, "learned", "rule is 'learned'"),
        ({"accuracy": None}, "learned", "other coefficients"),
        ({"accuracy": 2.0}, "learned", "accuracy is '2"),
        ({"accuracy": "0.7"}, "learned", "accuracy is '0.7'"),
        ({"accuracy": True}, "learned", "accuracy is 'True"),
        ({"C": -1.0}, "learned", "C is '-1"),
        ({"n_texts": -1}, "learned", "n_texts is '-1"),
        ({"n_disputed": 91}, "learned", "a referee was fitted on"),
        ({"n_decidable": 1.5}, "learned", "n_decidable is '1"),
        ({"coefficients": {}}, "learned", "other coefficients"),
        ({"coefficients": [0.5] * 7}, "learned", "coefficients is written"),
        ({"coefficients": {**REFEREE["coefficients"], "more": 0.5}}, "learned", "other coeff"),
        ({"coefficients": {**REFEREE["coefficients"], "n_convinced": 1e300}}, "learned", "1e.300"),
        ({"coefficients": {**REFEREE["coefficients"], "n_convinced": "1"}}, "learned", "'1'"),
        ({"intercepts": [0.0]}, "learned", "other coefficients"),
        ({"intercepts": [0.0, None]}, "learned", "coefficient 'None'"),
        ({"intercepts": [0.0, [1.0]]}, "learned", "coefficient"),
        ({"more": 1}, "learned", "referee is written in another way"),
    ],
)
def test_a_referee_that_makes_no_sense_is_named(folder, changes, rule, said):
    with_referee(folder, changes, rule)
    refused(folder, said)


def test_a_rule_without_its_referee_is_named(folder):
    model = read(folder)
    model["estimators"][0]["fitted"]["rule"] = "learned"
    write(folder, model)
    refused(folder, "rule is 'learned'")


def test_a_small_file_does_not_unfold_into_a_large_memory(folder):
    model = read(folder)
    for number in range(3, 40):
        model["estimators"].append(model["estimators"][1])
        given = {"type": "tuple", "items": [f"m{number}", {"type": "estimator", "number": number}]}
        model["estimators"][0]["parameters"].setdefault("estimators", []).append(given)
    model["estimators"][0]["class"] = "InteractiveCommittee"
    for name in ("est1", "est2"):
        del model["estimators"][0]["parameters"][name]
    write(folder, model)
    refused(folder, "is used more often than 16 times")


def test_a_device_that_is_not_here_is_no_obstacle(folder, reviews):
    model = read(folder)
    expected = load(folder).predict_proba(reviews[0][:9])
    for device in ("cuda:77", "meta", "hpu", "nonsense"):
        model["estimators"][1]["parameters"]["device"] = device
        write(folder, model)
        np.testing.assert_array_equal(load(folder).predict_proba(reviews[0][:9]), expected)


ODD = [
    None, True, -1, 0, 2, 10**6, 10**12, -(10**30), 0.5, 1e308, "", "x", "../a", "cuda", "\ud800",
    [], {}, [1], [[1, 2]], {"type": "tuple", "items": []}, {"type": "dict", "items": [["a", 1]]},
    {"type": "estimator", "number": 0}, {"type": "estimator", "number": 1},
    {"type": "float", "value": "inf"}, {"type": "path", "value": "/dev/zero"},
    {"type": "tokenizer", "name": "WordTokenizer"},
]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=st.sampled_from([*ODD, "deleted"]))
def test_whatever_is_changed_there_is_a_model_or_one_kind_of_error(folder, saved, data, value):
    model = read(saved)
    place = model
    for _ in range(data.draw(st.integers(1, 8))):
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            break
        parent, key = place, data.draw(st.sampled_from(keys))
        place = parent[key]
        if not isinstance(place, (dict, list)):
            break
    if value == "deleted":
        del parent[key]
    else:
        parent[key] = value
    write(folder, model)
    try:
        loaded = load(folder)
    except ModelFileError:
        return
    assert len(loaded.estimators_) == 2


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.binary(min_size=1, max_size=4))
def test_bytes_changed_on_the_way_are_noticed(folder, saved, place, value):
    for path in saved.iterdir():
        if path.name == "README.md":
            continue
        content = bytearray(path.read_bytes())
        first = int(place * len(content))
        content[first : first + len(value)] = value
        (folder / path.name).write_bytes(content)
        try:
            load(folder)
        except ModelFileError:
            pass
        else:  # of a description, spaces and notes of versions may change
            assert path.name == "model.json" or content == path.read_bytes()
        shutil.copy(path, folder / path.name)

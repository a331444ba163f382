"""Folders with a transformer that is damaged or made to do harm: one clear error, soon."""

import json
import shutil
import sys
import time
import tracemalloc
import types

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import Training, Transformer
from sklearn_irx.io import ModelFileError, load, save
from sklearn_irx.nn.config import CONFIGURATION, TOKENIZER
from sklearn_irx.nn.model import Rationalizer
from tests.io.test_hostile import read, refused, replace_data, weights_of, write
from tests.transformers_made import make_transformer


@pytest.fixture(scope="module")
def saved(reviews, tmp_path_factory):
    """A saved model on a tiny transformer, of which all weights are there. Not to be changed."""
    texts, y, _ = reviews
    where = tmp_path_factory.mktemp("saved")
    clf = SelectiveRationaleClassifier(
        encoder=Transformer(make_transformer(where / "base"), layers=1),
        initialization="naive_bayes", rationale_length=5, max_length=40,
        training=Training(max_epochs=1), random_state=0, n_threads=1,
    )  # fmt: skip
    clf.fit(texts[:40], y[:40])
    save(clf, where / "model")
    save(clf, where / "small", without_base=True)
    return where


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved / "model", tmp_path / "model")


@pytest.fixture
def small(saved, tmp_path):
    return shutil.copytree(saved / "small", tmp_path / "small")


def arrays_of(folder):
    return safetensors.numpy.load_file(weights_of(folder))


def put(folder, **arrays):
    """Put arrays in place of some; bytes stand for their values, None for none."""
    found = arrays_of(folder)
    for name, value in arrays.items():
        del found[f"0.{name}"]
        if isinstance(value, bytes):
            value = np.frombuffer(value, dtype=np.uint8).copy()
        if value is not None:
            found[f"0.{name}"] = value
    replace_data(folder, "weights", safetensors.numpy.save(found))


def with_json(folder, name, change):
    content = json.loads(arrays_of(folder)[f"0.{name}"].tobytes())
    changed = change(content)
    content = content if changed is None else changed
    put(folder, **{name: json.dumps(content).encode()})


def soon_refused(folder, said=""):
    """Within seconds and a few megabytes."""
    tracemalloc.start()
    start = time.process_time()
    try:
        refused(folder, said)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 20


def setting(**values):
    return lambda content: content.update(values)


def without(*names):
    def change(content):
        for name in names:
            del content[name]

    return change


NESTED = json.loads("[" * 500 + "]" * 500)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting(model_type="gpt2"), "is of the kind 'gpt2'"),
        (setting(model_type="albert"), "missing|not expected|shape|makes none"),
        (setting(model_type="modernbert"), "missing|not expected|shape|is none"),
        (setting(model_type=["bert"]), "is of the kind"),
        (without("model_type"), "is of the kind 'None'"),
        (setting(num_hidden_layers=10**9), "num_hidden_layers=1000000000 .* too large"),
        (setting(num_hidden_layers=90), "is missing"),
        (setting(num_hidden_layers=0), "not expected"),
        (setting(num_hidden_layers=-1), "not expected|is none|makes none"),
        (setting(num_hidden_layers="2"), "num_hidden_layers='2' of the transformer is no number"),
        (setting(num_hidden_layers=None), "is no number"),
        (setting(hidden_size=10**12), "too large"),
        (setting(hidden_size=10**6), "shape"),
        (setting(hidden_size=32), "shape"),
        (setting(hidden_size=0), "transformer"),
        (setting(hidden_size=-16), "transformer"),
        (setting(hidden_size="16"), "transformer"),
        (setting(hidden_size=15.5), "transformer"),
        (setting(vocab_size=10**6, hidden_size=10**6, intermediate_size=10**6), "shape"),
        (setting(vocab_size=10), "shape"),
        (setting(max_position_embeddings=10**6), "shape"),
        (setting(num_attention_heads=0), "transformer"),
        (setting(num_attention_heads=3), "transformer"),
        (setting(hidden_act="no_such_function"), "transformer"),
        (setting(hidden_act={"a": "b"}), "transformer"),
        (setting(hidden_dropout_prob=7), "transformer"),
        (setting(hidden_dropout_prob=float("nan")), "too large"),
        (setting(pad_token_id=10**5), "transformer|pad"),
        (setting(junk=NESTED), "junk|is no JSON"),
        (setting(junk={"a": {"b": {"c": {"d": 1}}}}), "is no setting"),
        (setting(junk={"a": "/etc/passwd"}), "is no setting"),
        (setting(junk=[10**30]), "too large"),
        (setting(**{f"more{i}": i for i in range(300)}), "no dictionary of its settings"),
        (lambda content: [content], "no dictionary of its settings"),
        (lambda content: "bert", "no dictionary of its settings"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(folder, change, said):
    with_json(folder, CONFIGURATION, change)
    soon_refused(folder, said)


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"model_type": "' + b"x" * 2**20 + b'"}'],
    ids=lambda value: repr(value[:9]),
)  # fmt: skip
def test_bytes_that_are_no_configuration_are_refused(folder, value):
    put(folder, **{CONFIGURATION: value})
    soon_refused(folder, "configuration")


def test_no_code_is_run_whatever_a_configuration_names(folder, saved, reviews, monkeypatch):
    """Neither a module beside it, nor a kernel of the hub, nor a quantizer."""
    kernels = types.ModuleType("kernels")
    kernels.__getattr__ = lambda name: pytest.fail(f"kernels.{name} was asked for")
    monkeypatch.setitem(sys.modules, "kernels", kernels)
    expected = load(saved / "model").predict_proba(reviews[0][:5])
    evil = {
        "auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil/evil--evil.Model"},
        "attn_implementation": "evil/kernel",
        "_attn_implementation": "evil/kernel",
        "_attn_implementation_internal": "evil/kernel",
        "experts_implementation": "evil",
        "quantization_config": {"quant_method": "evil"},
        "custom_pipelines": {"a": {"impl": "evil.Pipeline"}},
        "per_layer_config": {"0": {"hidden_size": 1}},
        "architectures": ["os.system"],
        "_name_or_path": "evil/evil",
        "dtype": "evil",
        "num_labels": 10**9,
        "chunk_size_feed_forward": 7,
    }
    with_json(folder, CONFIGURATION, setting(**evil))
    (folder / "evil.py").write_text("raise SystemExit('code was run')")
    np.testing.assert_array_equal(load(folder).predict_proba(reviews[0][:5]), expected)


def of_tokenizer(change):
    def inner(content):
        change(content["tokenizer"])

    return inner


def more_words(tokenizer):
    tokenizer["model"]["vocab"]["beyond"] = 10**6


def normalizer(kind, **own):
    return of_tokenizer(lambda tokenizer: tokenizer.update(normalizer={"type": kind, **own}))


REPLACE = {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"}
PADDING = {
    "strategy": {"Fixed": 10**9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
    "pad_type_id": 0, "pad_token": "[PAD]",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting(first=10**6), "pieces up to number 1000000, and the transformer knows"),
        (setting(last=10**6), "pieces up to number 1000000, and the transformer knows"),
        (setting(mask=10**6), "pieces up to number 1000000, and the transformer knows"),
        (setting(mask=2**40), "no number of a piece"),
        (setting(first=-1), "no number of a piece"),
        (setting(first=True), "no number of a piece"),
        (setting(first="2"), "no number of a piece"),
        (setting(first=2.0), "no number of a piece"),
        (setting(prefix="a" * 10**6), "written in another way"),
        (setting(prefix=3), "written in another way"),
        (setting(more=1), "written in another way"),
        (without("mask"), "written in another way"),
        (setting(tokenizer=None), "written in another way"),
        (setting(tokenizer={}), "cannot be read"),
        (setting(tokenizer={"a": NESTED}), "cannot be read"),
        (lambda content: [content], "written in another way"),
        (of_tokenizer(more_words), "pieces up to number 1000000, and the transformer knows"),
        (of_tokenizer(lambda t: t["model"].pop("unk_token")), "cannot be read|Missing"),
        (of_tokenizer(lambda t: t["model"].update(unk_token="[NO]")), "cannot be read"),
        (of_tokenizer(lambda t: t["model"].update(type="Evil")), "cannot be read"),
        (of_tokenizer(lambda t: t["model"].update(vocab={"a": -1})), "cannot be read"),
        (normalizer("Sequence", normalizers=[REPLACE] * 20), "very long texts"),
        (normalizer("Prepend", prepend="x" * 10**5), "very long texts"),
        (normalizer("Precompiled", precompiled_charsmap="AAAA"), "cannot be read"),
    ],
)  # fmt: skip
def test_tokenizers_that_make_no_sense_are_refused(folder, change, said):
    with_json(folder, TOKENIZER, change)
    soon_refused(folder, said)


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[" + b"1," * 2**24 + b"1]"],
    ids=lambda value: repr(value[:9]),
)  # fmt: skip
def test_bytes_that_are_no_tokenizer_are_refused(folder, value):
    put(folder, **{TOKENIZER: value})
    with pytest.raises(ModelFileError, match="the tokenizer of pieces cannot be read"):
        load(folder)


def test_padding_that_a_tokenizer_asks_for_is_not_added(folder, saved, reviews):
    with_json(folder, TOKENIZER, of_tokenizer(lambda t: t.update(padding=PADDING)))
    expected = load(saved / "model").predict_proba(reviews[0][:5])
    np.testing.assert_array_equal(load(folder).predict_proba(reviews[0][:5]), expected)


EMBEDDINGS = "selector.transformer.model.embeddings.word_embeddings.weight"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({CONFIGURATION: np.zeros(3, dtype=np.float32)}, "no JSON|configuration"),
        ({TOKENIZER: np.zeros((2, 2), dtype=np.int64)}, "tokenizer|shape|no JSON"),
        ({EMBEDDINGS: np.zeros((10, 16), dtype=np.float32)}, "shape"),
        ({EMBEDDINGS: np.zeros((100, 16), dtype=np.float64)}, "shape"),
        ({"unseen": np.zeros((0, 4), dtype=np.float16)}, "shape"),
    ],
    ids=str,
)
def test_arrays_of_another_kind_are_refused(folder, change, said):
    put(folder, **change)
    soon_refused(folder, said)


@pytest.mark.parametrize("name", [CONFIGURATION, TOKENIZER, EMBEDDINGS])
def test_what_is_missing_is_named(folder, name):
    model = read(folder)
    del model["estimators"][0]["fitted"]["arrays"][name]
    write(folder, model)
    soon_refused(folder, "must be there|is missing|needs its configuration")


@pytest.mark.parametrize("encoder", ["CNN", "NoEncoder", "Transformer"])
def test_arrays_of_another_encoder_are_refused(encoder, folder):
    model = read(folder)
    network = model["estimators"][0]["fitted"]["network"]
    network["encoder"] = {"type": "component", "name": encoder, "parameters": {}}
    if encoder == "Transformer":
        for name in (CONFIGURATION, TOKENIZER):
            del model["estimators"][0]["fitted"]["arrays"][name]
    write(folder, model)
    soon_refused(folder, "needs its configuration|must be there")


def test_the_other_doors_refuse_it_as_well(saved):
    """With ValueError, where the arrays come from a pickle or a file of skops."""
    config, arrays = load(saved / "model").__getstate__()["_module"]
    for name, value in ((CONFIGURATION, b"[]"), (TOKENIZER, b"[]"), (CONFIGURATION, b"\xff")):
        changed = {**arrays, name: np.frombuffer(value, dtype=np.uint8)}
        with pytest.raises(ValueError, match=r"configuration of the transformer|tokenizer of pie"):
            Rationalizer.from_arrays(config, changed)


def base_entry(name=EMBEDDINGS, **changes):
    def change(fitted):
        fitted["base"][name] = {**fitted["base"].get(name, {}), **changes}

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (base_entry(shape=[10**6, 10**6]), "shape|more was left out"),
        (base_entry(shape=[10**30]), "written in another way"),
        (base_entry(shape=[-1, 16]), "written in another way"),
        (base_entry(shape=["1"]), "written in another way"),
        (base_entry(shape=None), "written in another way"),
        (base_entry(shape=[1] * 200), "."),
        (base_entry(sha256=3), "written in another way"),
        (base_entry("unseen", shape=[0, 0], sha256=""), "written in another way"),
        (base_entry("selector.transformer.model.x", shape=[1], sha256=""), "not expected"),
        (lambda fitted: fitted["base"].pop(EMBEDDINGS), "is missing"),
        (lambda fitted: fitted.update(base=[]), "base is written"),
        (lambda fitted: fitted["arrays"].update({EMBEDDINGS: "0.unseen"}), "is kept, and left"),
        (lambda fitted: fitted["network"]["encoder"].update(name="CNN", parameters={}), "config"),
        (lambda fitted: fitted["network"]["encoder"]["parameters"].update(model=7), "model"),
    ],
)
def test_what_was_left_out_is_read_with_suspicion(small, change, said):
    model = read(small)
    change(model["estimators"][0]["fitted"])
    write(small, model)
    soon_refused(small, said)


def test_other_weights_than_those_left_out_are_not_taken(small):
    model = read(small)
    base_entry(sha256="0" * 64)(model["estimators"][0]["fitted"])
    write(small, model)
    with pytest.raises(ValueError, match=f"has other weights {EMBEDDINGS}"):
        load(small)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**7), 10**7) | st.floats() | st.text(max_size=9)
    | st.sampled_from(["16", "gelu", "bert", "albert", 10**9, -1, 0, 1, 2]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), name=st.sampled_from([CONFIGURATION, TOKENIZER]), value=JUNK)
def test_whatever_is_changed_there_is_a_model_that_predicts_or_one_kind_of_error(
    saved, tmp_path, data, name, value
):
    folder = tmp_path / "model"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved / "model", folder)

    def change(content):
        place = content
        while True:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            if not keys:
                return
            key = data.draw(st.sampled_from(keys))
            deeper = isinstance(place[key], (dict, list)) and data.draw(st.integers(0, 3))
            if not deeper:
                place[key] = value
                return
            place = place[key]

    with_json(folder, name, change)
    try:
        model = load(folder)
    except ModelFileError:
        return
    model.predict_proba(["A room with ants, 7 of them!", "", "\U0001f600 é"])

"""Models on a pretrained transformer: every door, and folders without the weights of the base."""

import json
import pathlib
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import safetensors.numpy
import skops.io
from sklearn.base import clone

import sklearn_irx
from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import Distillation, Predictor, Training, Transformer
from sklearn_irx.io import SKOPS_TYPES, ModelFileError, load, model_card, save
from tests.io.test_save_load import assert_alike, assert_reads_alike
from tests.transformers_made import make_transformer


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_transformer(tmp_path_factory.mktemp("of a user") / "tiny-bert")


@pytest.fixture(scope="module")
def make(base, reviews):
    """Fit a classifier on a tiny transformer with a few reviews."""
    texts, y, _ = reviews

    def make(model=base, *, layers="all", window=None, **parameters):
        part = Transformer(model, layers=layers, window=window, learning_rate=1e-3)
        own = {
            "rationale_length": 5, "max_length": 40, "n_threads": 1, "random_state": 0,
            "initialization": "naive_bayes", "training": Training(max_epochs=1), **parameters,
        }  # fmt: skip
        return SelectiveRationaleClassifier(encoder=part, **own).fit(texts[:60], y[:60])

    return make


@pytest.fixture(scope="module")
def models(make):
    """Models of all shapes. Not to be changed."""
    return {
        "shared": make(objective=Distillation()),
        "separate": make(predictor=Predictor(share_encoder=False), window=12),
        "last layer": make(layers=1),
        "scratch": make(initialization=None, layers=0),
        "path": make(pathlib.Path(make().encoder.model), layers=1),
    }


@pytest.fixture(scope="module")
def pair(models, reviews):
    """Two members on the same transformer, of which one trained the last layer alone."""
    return InteractiveEnsemble(models["last layer"], models["scratch"]).fit(reviews[0][:60])


SHAPES = ("shared", "separate", "last layer", "scratch", "path")


def size_of(folder):
    return next(folder.glob("weights-*")).stat().st_size


def said_by(folder):
    return (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("without_base", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_folder_gives_back_what_was_saved(shape, without_base, models, reviews, tmp_path):
    model = models[shape]
    save(model, tmp_path / "model", without_base=without_base)
    again = load(tmp_path / "model")
    assert_alike(again, model)
    assert_reads_alike(again, model, reviews[0][60:120])
    assert again.get_params()["encoder__model"] == model.get_params()["encoder__model"]
    save(again, tmp_path / "again", without_base=without_base)
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("model", "again")
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("shape", SHAPES)
def test_skops_and_pickle_give_back_what_was_saved(shape, models, reviews):
    model = models[shape]
    data = skops.io.dumps(model)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert set(untrusted) <= {*SKOPS_TYPES, f"pathlib.{type(Path()).__name__}"}
    for again in (skops.io.loads(data, trusted=untrusted), pickle.loads(pickle.dumps(model))):
        assert_alike(again, model)
        assert_reads_alike(again, model, reviews[0][60:90])


def test_what_members_share_is_written_once(pair, models, reviews, tmp_path):
    save(pair, tmp_path / "pair")
    save(models["last layer"], tmp_path / "one")
    again = load(tmp_path / "pair")
    assert_alike(again, pair)
    assert_reads_alike(again, pair, reviews[0][60:90])
    files = [next((tmp_path / name).glob("weights-*")) for name in ("pair", "one")]
    both, one = (
        [name for name in safetensors.numpy.load_file(file) if "word_embeddings" in name]
        for file in files
    )
    assert len(both) == len(one) == 1


def test_many_members_share_weights_within_and_without(models, reviews, tmp_path):
    members = [
        (f"m{i}", pickle.loads(pickle.dumps(models[("scratch", "last layer")[i % 2]])))
        for i in range(18)
    ]
    committee = InteractiveCommittee(members).fit(reviews[0][:20])
    for without_base in (False, True):
        folder = tmp_path / f"model-{without_base}"
        save(committee, folder, without_base=without_base)
        assert_reads_alike(load(folder), committee, reviews[0][60:70])


_READ = """
import sys, joblib, numpy as np, skops.io, sklearn_irx
from sklearn_irx.io import SKOPS_TYPES
folder, *texts = sys.argv[1:]
models = [
    joblib.load(f"{folder}/model.joblib"),
    skops.io.load(f"{folder}/model.skops", trusted=list(SKOPS_TYPES)),
    sklearn_irx.load(f"{folder}/model"),
    sklearn_irx.load(f"{folder}/small", base=f"{folder}/moved"),
]
np.save(f"{folder}/said.npy", [model.predict_proba(texts) for model in models])
"""

_WITHOUT = """
import sys
sys.modules["transformers"] = sys.modules["tokenizers"] = None
import joblib, skops.io, sklearn_irx
from sklearn_irx.io import SKOPS_TYPES
folder = sys.argv[1]
for read in (
    lambda: joblib.load(f"{folder}/model.joblib"),
    lambda: skops.io.load(f"{folder}/model.skops", trusted=list(SKOPS_TYPES)),
    lambda: sklearn_irx.load(f"{folder}/model"),
    lambda: sklearn_irx.load(f"{folder}/small", base=f"{folder}/moved"),
):
    try:
        read()
    except ImportError as error:
        print(error)
"""


def test_another_process_needs_the_library_and_no_base_and_no_network(
    make, reviews, tmp_path, subprocess_environment
):
    moved = make_transformer(tmp_path / "there", "roberta")
    model = make(moved, layers=1)
    joblib.dump(model, tmp_path / "model.joblib")
    skops.io.dump(model, tmp_path / "model.skops")
    save(model, tmp_path / "model")
    save(model, tmp_path / "small", without_base=True)
    shutil.move(moved, tmp_path / "moved")
    texts = reviews[0][300:320]

    def run(code, *arguments):
        return subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), *arguments],
            env={**subprocess_environment, "HF_HUB_OFFLINE": "1"},
            cwd=Path(sklearn_irx.__file__).parents[1],
            check=True, timeout=300, capture_output=True, text=True,
        ).stdout  # fmt: skip

    run(_READ, *texts)
    for said in np.load(tmp_path / "said.npy"):
        np.testing.assert_array_equal(said, model.predict_proba(texts))
    told = run(_WITHOUT).splitlines()
    assert len(told) == 4
    assert all('pip install "sklearn-irx[transformers]"' in line for line in told)


# Without the weights of the base


@pytest.mark.parametrize(("shape", "share"), [("last layer", 0.75), ("scratch", 0.4)])
def test_a_folder_without_base_is_smaller(shape, share, models, tmp_path):
    for name, without_base in (("whole", False), ("small", True)):
        save(models[shape], tmp_path / name, without_base=without_base)
    assert size_of(tmp_path / "small") < share * size_of(tmp_path / "whole")
    arrays = safetensors.numpy.load_file(next((tmp_path / "small").glob("weights-*")))
    assert not any("embeddings" in name for name in arrays)
    trained = any("layer.1" in name for name in arrays)
    assert trained == (shape == "last layer")


def test_where_all_is_trained_nothing_is_left_out(models, tmp_path):
    save(models["shared"], tmp_path / "whole")
    save(models["shared"], tmp_path / "small", without_base=True)
    assert size_of(tmp_path / "small") > 0.95 * size_of(tmp_path / "whole")


def test_a_base_that_was_moved_is_given(make, reviews, tmp_path):
    there = make_transformer(tmp_path / "there", "albert", seed=3)
    model = make(there, layers=1)
    save(model, tmp_path / "model", without_base=True)
    shutil.move(there, tmp_path / "moved")
    said = (
        r"base=None: .*there', and they are not to be had: .*cannot be read.*load\(folder, base=its"
    )
    with pytest.raises(ValueError, match=said) as caught:
        load(tmp_path / "model")
    assert not isinstance(caught.value, ModelFileError)
    again = load(tmp_path / "model", base=tmp_path / "moved")
    assert_reads_alike(again, model, reviews[0][60:90])
    with pytest.raises(ValueError, match=r"model='.*there' of encoder cannot be read"):
        save(again, tmp_path / "again", without_base=True)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("other", [{"seed": 5}, {"kind": "roberta"}])
def test_another_base_is_refused(other, make, tmp_path):
    there = make_transformer(tmp_path / "there")
    save(make(there, layers=1), tmp_path / "model", without_base=True)
    shutil.rmtree(there)
    make_transformer(there, **other)
    for given in (None, there):
        said = r"not to be had: .*(has other weights selector\.transformer\.model|cannot be read)"
        with pytest.raises(ValueError, match=said):
            load(tmp_path / "model", base=given)


def test_members_with_bases_of_their_own_are_read_from_theirs(make, models, reviews, tmp_path):
    there = make_transformer(tmp_path / "there", "distilbert")
    both = InteractiveEnsemble(models["last layer"], make(there, layers=1)).fit(reviews[0][:60])
    save(both, tmp_path / "model", without_base=True)
    assert_reads_alike(load(tmp_path / "model"), both, reviews[0][60:90])
    shutil.move(there, tmp_path / "moved")
    again = load(tmp_path / "model", base=tmp_path / "moved")
    assert_reads_alike(again, both, reviews[0][60:90])


def test_options_without_effect_are_named(fitted, models, tmp_path):
    with pytest.raises(ValueError, match="without_base=True, and the estimator started from no"):
        save(fitted, tmp_path / "model", without_base=True)
    save(models["scratch"], tmp_path / "model")
    with pytest.raises(ValueError, match=r"base='there', .* holds all weights: leave base out"):
        load(tmp_path / "model", base="there")
    with pytest.raises(TypeError, match="base=3 is no name or path"):
        load(tmp_path / "model", base=3)


def test_a_folder_makes_nobody_fetch_anything(models, tmp_path, monkeypatch):
    """The hub is asked for what `base` says alone, and not for what a folder says."""
    asked = []

    def from_pretrained(model, **options):
        asked.append((model, options["local_files_only"], options["trust_remote_code"]))
        raise OSError("not here")

    save(models["scratch"], tmp_path / "model", without_base=True)
    file = tmp_path / "model" / "model.json"
    named = json.dumps(models["scratch"].encoder.model)
    import transformers

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", from_pretrained)
    for name, read in (("evil/model", True), ("//evil/share", False)):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(named, json.dumps(name)), encoding="utf-8")
        named = json.dumps(name)
        with pytest.raises(ValueError, match="are not to be had"):
            load(tmp_path / "model")
        assert asked == ([(name, True, False)] if read else [])
        asked.clear()
    with pytest.raises(ValueError, match="are not to be had"):
        load(tmp_path / "model", base="good/model")
    assert asked == [("good/model", False, False)]


# The card


def test_the_card_tells_what_pretrained_model_it_was(models, pair, base, tmp_path):
    n = models["shared"]._module.transformers[0].n_weights
    name = "SelectiveRationaleClassifier started from the pretrained transformer tiny\\-bert"
    for shape, said in {
        "shared": f"{name} (bert, {n:,} weights); all of it was trained further.",
        "separate": f"{n:,} weights), one for the selector and one for the predictor; all of it",
        "last layer": f"{n:,} weights); its last layer was trained further.",
        "scratch": f"{n:,} weights); none of it was trained further.",
    }.items():
        assert said in model_card(models[shape])
    assert "est1 started from the pretrained transformer" in model_card(pair)
    save(models["path"], tmp_path / "model", without_base=True)
    card = said_by(tmp_path / "model")
    assert "of a user" not in card
    assert "| `encoder__model` | 'tiny\\-bert' |" in card
    assert "sklearn_irx.load(folder, base=...)" in card
    assert "nor are words that neither" not in card


def test_the_card_of_others_says_nothing_of_it(fitted):
    card = model_card(fitted)
    assert "pretrained transformer" not in card
    assert "nor are words that neither" in card


def test_training_goes_on_with_what_was_loaded(models, reviews, tmp_path):
    texts, y, _ = reviews
    for shape in ("last layer", "scratch"):
        save(models[shape], tmp_path / shape)
        again = load(tmp_path / shape)
        again.set_params(warm_start=True).fit(texts[:60], y[:60])
        assert again.partial_fit(texts[60:90], y[60:90]).score(texts, y) > 0.3


def test_what_was_loaded_is_fitted_again(make, reviews, tmp_path):
    texts, y, _ = reviews
    model = make(layers=1)
    save(model, tmp_path / "model", without_base=True)
    again = clone(load(tmp_path / "model")).fit(texts[:60], y[:60])
    np.testing.assert_array_equal(again.predict_proba(texts[:9]), model.predict_proba(texts[:9]))

"""Classifiers on pretrained transformers: tiny ones with random weights, made on the spot."""

import re
import shutil
import socket
import sys

import joblib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import sklearn_irx
from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.classifier import data
from sklearn_irx.components import Distillation, LinearInit, Predictor, Training, Transformer
from sklearn_irx.exceptions import SelectionWarning
from sklearn_irx.nn.pretrained import FAMILIES
from tests.transformers_made import make_transformer

KINDS = ("bert", "roberta", "albert")  # one for each kind of tokenizer


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: make_transformer(tmp_path_factory.mktemp(kind), kind) for kind in FAMILIES}


@pytest.fixture(scope="module")
def make(folders):
    """Make an unfitted classifier on a tiny transformer."""

    def make(kind="bert", *, encoder=None, **parameters):
        part = Transformer(folders[kind], learning_rate=1e-3, **(encoder or {}))
        own = {
            "rationale_length": 5, "max_length": 40, "n_threads": 1, "random_state": 0,
            "initialization": "naive_bayes", "training": Training(max_epochs=1), **parameters,
        }  # fmt: skip
        return SelectiveRationaleClassifier(encoder=part, **own)

    return make


@pytest.fixture(scope="module")
def fitted(make, reviews):
    texts, y, _ = reviews
    found = {kind: make(kind).fit(texts[:150], y[:150]) for kind in KINDS}
    scratch = make(initialization=None)
    found["scratch"] = scratch.fit(texts[:150], y[:150])
    in_place = clone(scratch).set_params(predictor__input="in_place")
    found["in_place"] = in_place.fit(texts[:150], y[:150])
    return found


SOME = ["room", "Ants", "quiet", "drains", "x9", "Breakfast", "the"]
WORDS = st.lists(st.sampled_from(SOME), max_size=12)


@pytest.mark.parametrize("name", [*KINDS, "scratch"])
@hypothesis_settings(max_examples=20)
@given(selected=WORDS, others=st.data())
def test_the_predictor_sees_the_selected_words_and_nothing_else(name, fitted, selected, others):
    """Whatever the other words and signs are, how many, and how long: the same probabilities."""
    clf = fitted[name]
    texts, masks = [], np.zeros((2, 40), dtype=bool)
    for row in range(2):
        words, place = [], 0
        for word in [*selected, None]:
            for other in others.draw(WORDS.map(lambda found: found[:2])):
                words.append(other + others.draw(st.sampled_from(["", ",", "!?"])))
                place += 1
            if word is not None:
                words.append(word + others.draw(st.sampled_from(["", "...", " -"])))
                masks[row, place] = True
                place += 1
        texts.append(" ".join(words))
    first, second = clf.predict_proba(texts, masks)
    np.testing.assert_allclose(first, second, atol=1e-5)


@hypothesis_settings(max_examples=20)
@given(selected=WORDS.filter(bool), others=st.data())
def test_in_place_the_predictor_sees_how_many_words_are_left_out_and_not_which(
    fitted, selected, others
):
    texts, masks = [], np.zeros((2, 40), dtype=bool)
    between = [others.draw(st.integers(0, 2)) for _ in selected]
    for row in range(2):
        words, place = [], 0
        for word, n in zip(selected, between, strict=True):
            for _ in range(n):
                words.append(others.draw(st.sampled_from(["pillow,", "a", "Xylophones!"])))
                place += 1
            words.append(word)
            masks[row, place] = True
            place += 1
        texts.append(" ".join(words))
    first, second = fitted["in_place"].predict_proba(texts, masks)
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_in_place_the_number_of_words_left_out_matters(fitted):
    masks = np.zeros((2, 40), dtype=bool)
    masks[0, [0, 1]] = masks[1, [0, 6]] = True
    texts = ["ants drains", "ants a b c d e drains"]
    in_place = fitted["in_place"].predict_proba(texts, masks)
    compact = fitted["scratch"].predict_proba(texts, masks)
    assert abs(in_place[0] - in_place[1]).max() > 1e-6
    np.testing.assert_allclose(compact[0], compact[1], atol=1e-6)


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_family_trains_and_explains(precision, kind, make, reviews):
    texts, y, _ = reviews
    clf = make(kind, training=Training(max_epochs=1, precision=precision)).fit(texts[:60], y[:60])
    for text, rationale in zip(texts[60:64], clf.explain(texts[60:64]), strict=True):
        assert 0 < len(rationale.words) <= len(re.findall(r"\w+", text))
        for word, (start, end) in zip(rationale.tokens, rationale.spans, strict=True):
            assert text[start:end].lower() == word


def test_all_words_may_be_selected_and_punctuation_none(fitted):
    clf = fitted["scratch"]
    text = "Zyzzyva?! qwrtp... (room)"
    probabilities, masks = clf.predict_with_masks([text], np.ones((1, 3), dtype=bool))
    assert masks.sum() == 3
    rationale = clf.explain([text])[0]
    assert set(rationale.words) <= {"zyzzyva", "qwrtp", "room"}
    assert not np.allclose(probabilities, clf.predict_proba([text], np.zeros((1, 3), dtype=bool)))


def test_predictions_do_not_depend_on_what_else_is_predicted(fitted, reviews):
    texts, _, _ = reviews
    for clf in fitted.values():
        some = texts[150:190]
        together, masks = clf.predict_with_masks([*some, ""])
        one_by_one = [clf.predict_with_masks([text]) for text in [*some, ""]]
        np.testing.assert_allclose(together, np.vstack([one for one, _ in one_by_one]), atol=1e-4)
        np.testing.assert_array_equal(masks, np.vstack([mask for _, mask in one_by_one]))


def test_long_documents_are_read_to_their_end(make, reviews):
    texts, y, _ = reviews
    short, long = (
        make(max_length=200, encoder={"window": window, "overlap": 4}).fit(texts[:60], y[:60])
        for window in (None, 12)
    )
    text = " ".join(texts[60:64])
    for clf in (short, long):
        scores = clf.selection_scores([text, text + " ants"])
        n = len(re.findall(r"\w+", text))
        assert np.isfinite(scores[0, :n]).all()
        assert np.isnan(scores[0, n:]).all()


def test_the_same_seed_makes_the_same_model_and_another_seed_another(make, reviews):
    texts, y, _ = reviews
    before = torch.get_rng_state()
    one, again, other = (
        make(random_state=seed).fit(texts[:80], y[:80]).predict_proba(texts[80:120])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_training_changes_the_layers_that_it_should(make, reviews):
    texts, y, _ = reviews
    start, last = (
        make(encoder={"layers": layers}).fit(texts[:80], y[:80])._module.to_arrays()
        for layers in (0, 1)
    )
    changed = {
        re.sub(r"\.(attention|intermediate|output)\..*", "", name)
        for name in start
        if ".model." in name and not np.array_equal(start[name], last[name])
    }
    assert changed == {"selector.transformer.model.encoder.layer.1"}


def test_what_frozen_layers_make_of_texts_is_kept(make, reviews, tmp_path, monkeypatch):
    texts, y, _ = reviews
    n_calls = 0
    compute = data.compute_frozen

    def counted(*args):
        nonlocal n_calls
        n_calls += 1
        return compute(*args)

    monkeypatch.setattr(data, "compute_frozen", counted)
    clf = make(encoder={"layers": 1}, memory=tmp_path, training=Training(max_epochs=2))
    kept = clone(clf).fit(texts[:100], y[:100])
    again = clone(clf).set_params(rationale_length=8).fit(texts[:100], y[:100])
    assert n_calls == 2  # texts to train on and to validate with, for both models
    assert again.transform(texts[:50]).sum() > kept.transform(texts[:50]).sum()
    clone(clf).set_params(encoder__window=12).fit(texts[:100], y[:100])
    assert n_calls == 4
    monkeypatch.setattr(data, "_MOST_BYTES", 0)
    computed = clone(clf).fit(texts[:100], y[:100])
    assert n_calls == 4
    same = computed.transform(texts[100:]) == kept.transform(texts[100:])
    assert same.all(axis=1).mean() > 0.9  # they are kept in 16 bits


def test_learning_rates_rise_fall_and_differ_by_layer(make, reviews):
    from skorch.callbacks import Callback

    seen = []

    class Rates(Callback):
        def on_grad_computed(self, net, **kwargs):
            groups = net.optimizer_.param_groups
            seen.append({group.get("name", "rest"): group["lr"] for group in groups})

    texts, y, _ = reviews
    training = Training(max_epochs=2, batch_size=10, callbacks=[Rates()])
    make(training=training, encoder={"warmup_share": 0.25, "layer_decay": 0.5}).fit(
        texts[:110], y[:110]
    )
    of_last = np.array([rates["layer 1"] for rates in seen])
    assert len(of_last) == 20
    assert of_last.argmax() in (4, 5)
    assert (np.diff(of_last[:5]) > 0).all()
    assert (np.diff(of_last[5:]) < 0).all()
    assert of_last.max() <= 1e-3
    for rates in seen:
        assert rates["layer 0"] == pytest.approx(rates["layer 1"] / 2)
        assert rates["embeddings"] == pytest.approx(rates["layer 1"] / 4)


def test_gradients_of_several_batches_make_one_step(make, reviews):
    """Two batches of ten are, without dropout, a step of the same twenty documents."""
    from skorch.callbacks import Callback

    class Steps(Callback):
        n = computed = 0

        def on_grad_computed(self, net, **kwargs):
            Steps.computed += 1

        def on_train_begin(self, net, **kwargs):
            step = net.optimizer_.step

            def counted(*args, **kwargs):
                Steps.n += 1
                return step(*args, **kwargs)

            net.optimizer_.step = counted

    texts, y, _ = reviews
    for accumulation, n_steps in ((1, 10), (3, 4), (100, 1)):
        Steps.n = Steps.computed = 0
        training = Training(max_epochs=1, batch_size=10, callbacks=[Steps()])
        make(training=training, encoder={"accumulation": accumulation}).fit(texts[:110], y[:110])
        assert Steps.n == Steps.computed == n_steps


def test_selector_and_predictor_share_the_transformer_or_have_one_each(make, reviews):
    texts, y, _ = reviews
    shared, apart = (
        make(predictor=Predictor(share_encoder=share)).fit(texts[:80], y[:80])
        for share in (True, False)
    )
    n = sum(".model." in name for name in shared._module.to_arrays())
    assert sum(".model." in name for name in apart._module.to_arrays()) == 2 * n
    assert apart.predict_proba(texts[80:90]).shape == (10, 3)


@pytest.mark.parametrize("mask_weight", [0.0, 0.5])
def test_distillation_brings_the_rationale_near_the_full_text(mask_weight, make, reviews):
    texts, y, _ = reviews
    objective = Distillation(mask_weight=mask_weight)
    clf = make(objective=objective, training=Training(max_epochs=3, batch_size=16))
    clf.fit(texts[:300], y[:300])
    assert clf.score(texts[300:], y[300:]) > 0.9
    assert np.isfinite(clf.history_["train_loss"]).all()


@pytest.mark.parametrize("objective", [None, "distillation"])
def test_class_conditional_selection_asks_what_the_transformer_reads(
    objective, make, reviews, tmp_path
):
    """Words support the class that linear path and transformer settle on from the whole text."""
    texts, y, _ = reviews
    clf = make(
        objective=objective, rationale_length=2, training=Training(max_epochs=2, batch_size=16),
        initialization=LinearInit("naive_bayes", class_focus=1.0),
    ).fit(texts[:300], y[:300])  # fmt: skip
    assert clf.score(texts[300:], y[300:]) > 0.8
    head = clf._module.selector.whole
    assert head.weight.abs().max() > 0  # it has learned
    assert all(one.class_conditional for one in clf.explain(texts[300:302]))

    sklearn_irx.save(clf, tmp_path / "model")
    again = sklearn_irx.load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(texts[300:]), clf.transform(texts[300:]))

    own = {one.label: one.words for one in clf.explain(texts[300:]) if len(one.words) == 2}
    of_all = " and ".join(" and ".join(own[label]) for label in clf.classes_)
    for number, label in enumerate(clf.classes_):
        with torch.no_grad():
            head.bias.copy_(torch.eye(3)[number] * 50)
        assert set(clf.explain([of_all])[0].words) <= set(own[label])


def test_distillation_needs_a_transformer(small, reviews):
    texts, y, _ = reviews
    with pytest.raises(ValueError, match=r"objective=Distillation\(\) needs a transformer"):
        small(objective="distillation").fit(texts[:50], y[:50])


@pytest.mark.parametrize("objective", ["real_x", "encoding_penalty"])
def test_the_other_objectives_take_a_transformer(objective, make, reviews):
    texts, y, _ = reviews
    with (
        pytest.raises(ValueError, match="share_encoder=True of predictor would train it")
        if (objective == "real_x")
        else pytest.MonkeyPatch.context()
    ):
        make(objective=objective).fit(texts[:60], y[:60])
    clf = make(objective=objective, predictor=Predictor(share_encoder=False))
    assert clf.fit(texts[:60], y[:60]).predict_proba(texts[:3]).shape == (3, 3)


@pytest.mark.parametrize("sampler", ["gumbel", "reinforce", "hard_kuma", "sparsemap", "top_k"])
def test_every_sampler_takes_a_transformer(sampler, make, reviews):
    texts, y, _ = reviews
    predictor = Predictor(input="in_place") if sampler == "gumbel" else None
    clf = make(sampler=sampler, predictor=predictor).fit(texts[:60], y[:60])
    assert clf.transform(texts[60:80]).sum(axis=1).mean() < 20


def test_members_of_different_kinds_exchange_rationales(fitted, make, reviews):
    texts, y, _ = reviews
    lexical = SelectiveRationaleClassifier(
        rationale_length=5, max_length=40, random_state=0, n_threads=1
    )
    pair = InteractiveEnsemble(lexical, make("roberta")).fit(texts[:150], y[:150])
    assert pair.score(texts[150:], y[150:]) > 0.9
    assert len(pair.explain(texts[150:200])) == 50
    # A second reader reads words of the other, and says the same of the same words.
    cross = pair.cross_predict_proba(texts[150:200])
    masks = pair.estimators_[0].transform(texts[150:200])
    np.testing.assert_allclose(
        cross[1, 0], pair.estimators_[1].predict_proba(texts[150:200], masks), atol=1e-5
    )


def test_it_is_cloned_searched_pickled_and_saved(fitted, make, reviews, tmp_path):
    texts, y, _ = reviews
    clf = fitted["roberta"]
    wanted = clf.predict_proba(texts[150:200])
    assert clone(clf).get_params()["encoder__model"] == clf.encoder.model
    joblib.dump(clf, tmp_path / "model.joblib")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "model.joblib").predict_proba(texts[150:200]), wanted
    )
    sklearn_irx.save(clf, tmp_path / "model")
    again = sklearn_irx.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(texts[150:200]), wanted)
    search = GridSearchCV(make(), {"encoder__layers": [0, "all"]}, cv=2, refit=False)
    assert np.isfinite(search.fit(texts[:60], y[:60]).cv_results_["mean_test_score"]).all()


def test_a_model_needs_no_folder_once_it_is_fitted(make, reviews, tmp_path):
    texts, y, _ = reviews
    folder = make_transformer(tmp_path / "moved")
    clf = make().set_params(encoder__model=folder).fit(texts[:60], y[:60])
    wanted = clf.predict_proba(texts[60:70])
    shutil.rmtree(folder)
    np.testing.assert_array_equal(clf.predict_proba(texts[60:70]), wanted)
    clf.partial_fit(texts[60:90], y[60:90])
    clf.set_params(warm_start=True).fit(texts[:90], y[:90])
    with pytest.raises(ValueError, match=r"model=.*moved' of encoder cannot be read"):
        clone(clf).fit(texts[:60], y[:60])


def test_without_network_and_files_one_sentence_says_so(make, reviews, monkeypatch):
    texts, y, _ = reviews

    def no_network(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    clf = make().set_params(encoder="transformer", encoder__model="nobody/has-such-a-model")
    with pytest.raises(ValueError, match="model='nobody/has-such-a-model' of encoder cannot be"):
        clf.fit(texts, y)


def test_without_the_extra_an_error_names_it(make, reviews, monkeypatch):
    texts, y, _ = reviews
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r'pip install "sklearn-irx\[transformers\]"'):
        make().fit(texts[:60], y[:60])


def test_what_has_no_effect_is_said(make, reviews, small_vectors):
    texts, y, _ = reviews
    for parameters, said in (
        ({"embeddings": small_vectors}, "embeddings has no effect with a transformer"),
        ({"predictor": Predictor(hidden_size=7)}, "hidden_size=7 of predictor has no effect"),
        (
            {"training": Training(max_epochs=1, dropout=0.1)},
            r"dropout=0\.1 of training has no effect .* give dropout of encoder",
        ),
    ):
        with pytest.warns(SelectionWarning, match=said):
            make(**parameters).fit(texts[:60], y[:60])


def test_words_for_a_given_class_are_found_with_and_without_a_linear_start(fitted, reviews):
    texts, _, _ = reviews
    for name in ("bert", "scratch"):
        clf = fitted[name]
        own = clf.transform(texts[150:160]).sum(axis=1)
        for n, document in zip(own, clf.explain(texts[150:160], target="all"), strict=True):
            assert [len(one.words) for one in document] == [n] * 3


def test_training_that_was_cut_off_goes_on(make, reviews, tmp_path):
    texts, y, _ = reviews
    wanted = make(training=Training(max_epochs=2)).fit(texts[:80], y[:80])

    class StopError(Exception):
        pass

    from skorch.callbacks import Callback

    class AfterOne(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2:
                raise StopError

    training = Training(max_epochs=2, checkpoint_dir=tmp_path, callbacks=[AfterOne()])
    with pytest.raises(StopError):
        make(training=training).fit(texts[:80], y[:80])
    again = make(training=Training(max_epochs=2, checkpoint_dir=tmp_path)).fit(texts[:80], y[:80])
    np.testing.assert_array_equal(
        again.predict_proba(texts[80:100]), wanted.predict_proba(texts[80:100])
    )


def test_texts_with_the_same_words_and_other_signs_have_checkpoints_of_their_own(
    make, reviews, tmp_path
):
    texts, y, _ = reviews
    for some in (texts[:60], [text.replace(".", "!") for text in texts[:60]]):
        make(training=Training(max_epochs=1, checkpoint_dir=tmp_path)).fit(some, y[:60])
    assert len(list(tmp_path.iterdir())) == 2

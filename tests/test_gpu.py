"""What a GPU computes, against the CPU. Run where there is one: ``pytest -m gpu``."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier, load, save
from sklearn_irx.components import CNN, SAMPLERS, Training, Transformer
from sklearn_irx.nn.devices import pick_device
from sklearn_irx.nn.kernels import precision as of_products
from tests.transformers_made import make_transformer

DEVICE = pick_device("auto")
needs_gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(DEVICE == "cpu", reason="there is neither CUDA nor MPS here"),
]


def on_gpu(case):
    for mark in needs_gpu:
        case = mark(case)
    return case


def moved(clf, device, **parameters):
    """Give the same fitted model on a device, or as if its training had had other parameters."""
    state = clf.__getstate__()
    config, arrays = state["_module"]
    config = replace(config, training=clone(config.training).set_params(**parameters))
    again = type(clf).__new__(type(clf))
    again.__setstate__({**state, "device": device, "_module": (config, arrays)})
    return again.set_params(**{f"training__{name}": parameters[name] for name in parameters})


def device_of(clf):
    return clf._module.predictor.output.weight.device.type


@on_gpu
def test_auto_takes_the_gpu_and_an_untrained_model_learns_on_it(small, reviews):
    texts, y, _ = reviews
    clf = small(device="auto", training__max_epochs=4).fit(texts[:300], y[:300])
    assert device_of(clf) == DEVICE
    assert clf.score(texts[300:], y[300:]) > 0.7


@on_gpu
@pytest.mark.parametrize("parameters", [{}, {"encoder": "rnn"}], ids=["cnn", "rnn"])
def test_cpu_and_gpu_read_the_same(parameters, small, reviews):
    texts, y, _ = reviews
    clf = small(device="cpu", training__precision="float32", **parameters).fit(texts[:300], y[:300])
    there = moved(clf, DEVICE)
    assert (device_of(clf), device_of(there)) == ("cpu", DEVICE)
    expected, found = clf.predict_with_masks(texts[300:]), there.predict_with_masks(texts[300:])
    assert np.allclose(found[0], expected[0], atol=1e-3)
    assert np.mean(found[1] != expected[1]) < 1e-3  # scores at the threshold may fall either way


@on_gpu
@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_every_sampler_trains_on_the_gpu(sampler, small, reviews):
    texts, y, _ = reviews
    more = {"rationale_length": 5} if sampler in ("top_k", "sparsemap") else {}
    clf = small(device=DEVICE, sampler=sampler, **more).fit(texts[:100], y[:100])
    assert np.isfinite(clf.predict_proba(texts[100:110])).all()


@on_gpu
@pytest.mark.parametrize("layers", [1, "all"])
def test_a_transformer_trains_on_the_gpu_and_reads_there_as_on_the_cpu(layers, reviews, tmp_path):
    texts, y, _ = reviews
    encoder = Transformer(make_transformer(tmp_path), layers=layers, learning_rate=1e-3)
    clf = SelectiveRationaleClassifier(
        encoder=encoder, rationale_length=5, device=DEVICE, random_state=0,
        training=Training(max_epochs=1, precision="float32"),
    ).fit(texts[:200], y[:200])  # fmt: skip
    assert device_of(clf) == DEVICE
    expected, found = (
        one.predict_with_masks(texts[200:]) for one in (moved(clf, "cpu"), moved(clf, DEVICE))
    )
    assert np.allclose(found[0], expected[0], atol=1e-3)
    assert np.mean(found[1] != expected[1]) < 1e-3


@on_gpu
def test_mixed_precision_reads_nearly_the_same_on_the_gpu(small, reviews):
    texts, y, _ = reviews
    clf = small(device=DEVICE, training__precision="float32").fit(texts[:300], y[:300])
    mixed = moved(clf, DEVICE, precision="bfloat16")
    expected, found = clf.predict_with_masks(texts[300:]), mixed.predict_with_masks(texts[300:])
    assert not np.array_equal(found[0], expected[0])
    assert np.mean(found[0].argmax(axis=1) == expected[0].argmax(axis=1)) > 0.97
    assert np.mean(found[1] != expected[1]) < 0.02
    learned = small(device=DEVICE, training__precision="bfloat16").fit(texts[:300], y[:300])
    assert learned.score(texts[300:], y[300:]) > 0.7


@on_gpu
def test_a_model_of_the_gpu_is_saved_exchanged_and_explained(small, reviews, tmp_path):
    texts, y, _ = reviews
    members = [small(device=DEVICE, random_state=seed).fit(texts[:200], y[:200]) for seed in (0, 1)]
    both = InteractiveEnsemble(*members).fit(texts[:10])
    expected = both.predict_proba(texts[200:])
    save(both, tmp_path / "both")
    for again in (load(tmp_path / "both"), pickle.loads(pickle.dumps(both))):
        assert np.allclose(again.predict_proba(texts[200:]), expected, atol=1e-6)
    assert len(both.explain(texts[200:210])) == 10


@pytest.mark.parametrize("supported", [True, False])
def test_auto_precision_asks_a_cuda_device_what_it_can(supported, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    of_products._has_bfloat16.cache_clear()
    found = of_products.product_type("auto", torch.device("cuda"))
    of_products._has_bfloat16.cache_clear()
    assert found == (torch.bfloat16 if supported else torch.float32)
    assert of_products.product_type("auto", torch.device("mps")) == torch.float32


def test_the_formulation_of_other_devices_has_mixed_precision_too():
    """On the CPU, which can compute it as well."""
    torch.manual_seed(0)
    encoder = CNN((3, 5), n_filters=8).build(16)
    encoder.plain, encoder.precision = True, "float32"
    vectors, words = torch.randn(4, 20, 16), torch.ones(4, 20, dtype=torch.bool)
    exact = encoder(vectors, words)
    encoder.precision = "bfloat16"
    mixed = encoder(vectors, words)
    assert mixed.dtype == torch.float32
    assert not torch.equal(mixed, exact)
    assert torch.allclose(mixed, exact, atol=0.03)
    mixed.sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in encoder.parameters())


def test_a_model_of_a_gpu_opens_on_a_machine_without_one(fitted, reviews):
    texts = reviews[0][:5]
    if torch.cuda.is_available():
        pytest.skip("there is CUDA here")
    again = moved(fitted, "cuda")
    assert device_of(again) == "cpu"
    assert np.array_equal(again.predict_proba(texts), fitted.predict_proba(texts))

"""Selector and predictor as one network."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.components import RNN, SAMPLERS
from sklearn_irx.nn.kernels.packed_batch import PackedBatch
from sklearn_irx.nn.model import Rationalizer
from tests.nn.networks import STARTS, UNSEEN, network

UNKNOWN = 1

NETWORKS = {start: network(start) for start in STARTS}
VARIANTS = {
    **NETWORKS,
    **{sampler: network("linear start", sampler) for sampler in SAMPLERS.named},
    "one window": network("linear start", "top_k", sampler__contiguous=True),
    "gru": network("from scratch", encoder=RNN(hidden_size=4)),
    "lstm": network("linear start", encoder=RNN("lstm", hidden_size=4)),
    "closed up": network("from scratch", predictor__input="compact"),
    "closed up, gru": network(
        "from scratch", predictor__input="compact", encoder=RNN(hidden_size=4)
    ),
    "shared encoder": network("from scratch", predictor__share_encoder=True),
    "shared embeddings": network("from scratch", predictor__share_embeddings=True),
    "at most 2 words": network("linear start", max_rationale_length=2),
    "focused": network("linear start", initialization__class_focus=0.5),
    "focused by pairs": network(
        "linear start",
        bigrams=True,
        initialization__class_focus=2.0,
        initialization__bigrams="whole",
    ),
    "with pairs": network("linear start", bigrams=True),
    "pairs, focused and smoothed": network(
        "linear start",
        bigrams=True,
        initialization__class_focus=0.5,
        initialization__smoothing=2.0,
    ),
}
DOCUMENT = st.lists(st.integers(1, UNSEEN[-1]), max_size=12)


def rectangle(documents, width=1):
    width = max(width, *(len(ids) for ids in documents), 1)
    return torch.tensor([ids + [0] * (width - len(ids)) for ids in documents])


def read(module, documents, width=1, mask=None):
    with torch.inference_mode():
        reading = module(rectangle(documents, width), mask=mask)
    return torch.softmax(reading.logits, dim=1).numpy(), reading.selection.mask.numpy()


@pytest.mark.parametrize("name", VARIANTS)
@given(document=DOCUMENT, extra=st.integers(0, 30), others=st.lists(DOCUMENT, max_size=4))
def test_what_is_read_depends_on_the_document_alone(name, document, extra, others):
    probabilities, mask = read(VARIANTS[name], [document])
    all_probabilities, masks = read(
        VARIANTS[name], [*others, document], width=len(document) + extra
    )
    assert set(np.unique(masks)) <= {0.0, 1.0}
    np.testing.assert_array_equal(masks[-1, : len(document)], mask[0, : len(document)])
    np.testing.assert_allclose(all_probabilities[-1], probabilities[0], atol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
@given(documents=st.lists(DOCUMENT, min_size=1, max_size=4))
def test_padding_is_never_selected(name, documents):
    ids = rectangle(documents, width=15)
    for mask in (None, torch.ones(ids.shape)):
        _, used = read(VARIANTS[name], documents, width=15, mask=mask)
        assert not used[ids.numpy() == 0].any()
    assert (used == (ids.numpy() != 0)).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_the_predictor_sees_selected_words_only(name):
    module = VARIANTS[name]
    mask = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    one, _ = read(module, [[2, 3, 4, 5]], mask=mask)
    two, _ = read(module, [[2, 17, 4, 11]], mask=mask)
    three, _ = read(module, [[9, 3, 4, 5]], mask=mask)
    np.testing.assert_allclose(one, two, atol=1e-6)
    assert not np.allclose(one, three, atol=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
@given(document=DOCUMENT)
def test_unknown_words_are_never_selected(name, document):
    _, mask = read(VARIANTS[name], [document])
    if name != "one window":
        assert not mask[0, : len(document)][np.array(document, dtype=int) == 1].any()
    _, mask = read(VARIANTS[name], [[1] * 6])
    assert not mask.any()


def test_a_passage_has_a_known_word_if_there_is_one():
    # A smooth prior is highest midway between two telling words: among unknown words only.
    module = network(
        "linear start", "top_k", sampler__contiguous=True, initialization__smoothing=4.0
    )
    for document in ([2, *[1] * 9, 3], [*[1] * 9, 4], [5, *[1] * 14, 6, 7]):
        _, mask = read(module, [document, [8, 9, 10]])
        selected = np.array(document)[mask[0, : len(document)] > 0]
        assert len(selected) == 3
        assert (selected > 1).any()


def test_a_passage_has_no_gap_at_an_unknown_word():
    module = VARIANTS["one window"]
    for document in ([2, 1, 3], [1, 1, 4, 1, 1], [5, 1, 1, 1]):
        probabilities, mask = read(module, [document])
        places = np.flatnonzero(mask[0])
        assert len(places) == 3
        assert places[-1] - places[0] == 2
        # Nothing of it reaches the prediction.
        known = torch.tensor(mask[:, : len(document)]) * (torch.tensor([document]) != 1)
        alone, _ = read(module, [document], mask=known)
        np.testing.assert_allclose(alone, probabilities, atol=1e-6)


@pytest.mark.parametrize("name", VARIANTS)
def test_unseen_words_are_read_by_their_vectors(name):
    module = VARIANTS[name]
    documents = [[2, id_, 4, 5] for id_ in UNSEEN]
    with torch.inference_mode():
        scores = module.scores(rectangle(documents))[0].numpy()
    of_neighbours = scores[:, [0, 2, 3]]
    probabilities, _ = read(module, documents, mask=torch.ones(3, 4))
    for told in (of_neighbours, probabilities):
        assert np.ptp(told, axis=0).max() > 1e-3
    assert (np.abs(scores) < 100).all()  # words never to be selected are far beyond


def test_ranking_and_linear_path_take_unseen_words_for_unknown_ones():
    module = network("linear start", fresh=True)  # where nothing else has a say
    documents = [[2, id_, 4, 5] for id_ in (*UNSEEN, UNKNOWN)]
    probabilities, _ = read(module, documents, mask=torch.ones(4, 4))
    np.testing.assert_allclose(probabilities, probabilities[[-1] * 4], atol=1e-6)
    with torch.inference_mode():
        scores = module.scores(rectangle([UNSEEN]))[0]
        prior, linear = module.selector.prior, module.predictor.linear
        expected = prior(linear, PackedBatch(rectangle([[UNKNOWN]])), torch.tensor(UNKNOWN))
    np.testing.assert_allclose(scores.numpy(), expected.item(), atol=1e-6)


def test_training_on_unseen_words_gives_unknown_words_no_weight():
    module = network("linear start", fresh=True).train()
    linear = module.predictor.linear
    ids, mask = rectangle([[2, *UNSEEN, UNKNOWN]] * 2), torch.ones(2, 5)
    module(ids, fold=torch.tensor([1, 2]), mask=mask).logits[:, 0].sum().backward()
    gradient = linear.correction.weight.grad.to_dense()
    assert gradient[2].abs().sum() > 0
    assert not gradient[UNKNOWN].any()


def test_closed_up_words_do_not_tell_where_they_stood():
    one = [[2, 3, 4, 5], [3, 5, 6, 7, 8]]
    two = [[9, 3, 10, 11, 5], [3, 5]]
    masks = [torch.tensor([[0, 1, 0, 1, 0], [1, 1, 0, 0, 0]]).float()] * 2
    masks[1] = torch.tensor([[0, 1, 0, 0, 1], [1, 1, 0, 0, 0]]).float()
    for name, tells in (("closed up", False), ("closed up, gru", False), ("gru", True)):
        module = VARIANTS[name]
        told = read(module, one, mask=masks[0])[0], read(module, two, mask=masks[1])[0]
        assert np.allclose(*told, atol=1e-6) != tells
        assert np.allclose(told[0][0], told[0][1], atol=1e-6) != tells


def test_what_is_shared_is_one():
    ids = rectangle([[2, 3, 4, 5]])
    for name, shared in (("shared encoder", True), ("shared embeddings", False)):
        module = VARIANTS[name]
        assert module.selector.text_encoder.vectors is module.predictor.text_encoder.vectors
        assert module.selector.text_encoder.vectors.weight.requires_grad
        assert (
            module.selector.text_encoder.encoder is module.predictor.text_encoder.encoder
        ) == shared
        module.zero_grad()
        module.scores(ids)[0].sum().backward()
        assert module.predictor.text_encoder.vectors.weight.grad.abs().sum() > 0
    module = VARIANTS["from scratch"]
    assert module.selector.text_encoder.vectors is not module.predictor.text_encoder.vectors
    assert not module.selector.text_encoder.vectors.weight.requires_grad


def test_word_dropout_hides_words_in_training_only():
    module = network("linear start", training__word_dropout=0.5, training__dropout=0.0)
    ids, mask = rectangle([[2, 3, 4, 5, 6, 7, 8, 9]] * 100), torch.ones(100, 8)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        assert np.ptp(module.eval()(ids, mask=mask).logits.numpy(), axis=0).max() < 1e-4
        assert len(module.train()(ids, mask=mask).logits.unique(dim=0)) > 50


@pytest.mark.parametrize("name", VARIANTS)
def test_arrays_rebuild_the_network(name):
    module = copy.deepcopy(VARIANTS[name])
    module.drop_fold_weights()
    before = torch.get_rng_state()
    again = Rationalizer.from_arrays(module.config, module.to_arrays())
    assert torch.equal(torch.get_rng_state(), before)
    assert not again.training
    assert repr(again.config) == repr(module.config)
    for name, array in module.to_arrays().items():
        np.testing.assert_array_equal(again.to_arrays()[name], array)
    documents = [[2, 3, 4], [], [5] * 9, [2, *UNSEEN, 4]]
    for one, two in zip(read(module, documents), read(again, documents), strict=True):
        np.testing.assert_array_equal(one, two)
    # A copy: what happens to the rebuilt network does not reach the arrays of the old one.
    with torch.no_grad():
        again.predictor.output.bias += 1
    assert not np.array_equal(
        again.to_arrays()["predictor.output.bias"], module.to_arrays()["predictor.output.bias"]
    )


BAD_PAIRS = [
    ("bigrams", None, "weights has shape"),
    ("bigrams", np.arange(3), "weights has shape"),
    ("bigrams", np.zeros(10**7, np.int64), "weights has shape"),
    ("weights", None, "weights is missing"),
    ("weights", np.zeros((5, 10**6), np.float32), "weights has shape"),
    ("idf", None, "idf is missing"),
    ("idf", np.ones(3, np.float32), "idf has shape"),
]


@pytest.mark.parametrize(
    ("variant", "name", "value", "said"),
    [
        *(("focused by pairs", f"selector.prior.bigrams.{name}", *bad) for name, *bad in BAD_PAIRS),
        ("focused by pairs", "selector.prior.bigrams.word_factor", None, "word_factor is missing"),
        (
            "focused by pairs", "selector.prior.bigrams.word_factor", np.ones(2, np.float32),
            "word_factor has shape",
        ),
        *(("with pairs", f"predictor.linear.bigrams.{name}", *bad) for name, *bad in BAD_PAIRS),
        (
            "with pairs", "predictor.linear.bigrams.word_factor", np.ones(2, np.float32),
            "word_factor is not expected",
        ),
    ],
)  # fmt: skip
def test_pairs_of_words_that_do_not_fit_are_refused(variant, name, value, said):
    module = copy.deepcopy(VARIANTS[variant])
    module.drop_fold_weights()
    arrays = module.to_arrays()
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    with pytest.raises(ValueError, match=said):
        Rationalizer.from_arrays(module.config, arrays)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"bigrams": True},
        {"bigrams": True, "initialization__class_focus": 1.0, "initialization__bigrams": "whole"},
    ],
    ids=str,
)
def test_forgetting_the_folds_leaves_reading_unchanged(more):
    module = network("linear start", **more)
    documents = [list(range(1, 20)), [], [7, 7, 3]]
    before = read(module, documents)
    size = sum(array.size for array in module.to_arrays().values())
    module.drop_fold_weights()
    assert sum(array.size for array in module.to_arrays().values()) < size
    for one, two in zip(before, read(module, documents), strict=True):
        np.testing.assert_array_equal(one, two)


def test_in_training_a_document_is_read_with_the_weights_of_its_fold():
    module = NETWORKS["linear start"]
    ids = rectangle([[2, 3, 4, 5]] * 2)
    with torch.inference_mode():
        logits = module(ids, fold=torch.tensor([1, 2]), mask=torch.ones(2, 4)).logits
    assert not torch.allclose(logits[0], logits[1], atol=1e-3)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_gradients_reach_the_whole_selector_after_a_first_step(start, sampler):
    # Words of nearly equal scores are one to SparseMap if neighbours matter.
    own = {"sampler__neighbour_score": 0.0} if sampler == "sparsemap" else {}
    module = network(start, sampler, fresh=True, **own).train()
    optimizer = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=0.1)
    ids = rectangle([[2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13]] * 4)
    y = torch.tensor([0, 1] * 4)
    fold = torch.arange(1, 9) % 5 + 1 if start == "linear start" else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(3):
            optimizer.zero_grad()
            reading = module(ids, fold=fold)
            losses = torch.nn.functional.cross_entropy(reading.logits, y, reduction="none")
            surrogate = module.sampler.surrogate_loss(reading.selection, losses)
            (losses.mean() + surrogate + 0.1 * reading.selection.n_transitions.mean()).backward()
            optimizer.step()
    untouched = [
        name
        for name, parameter in module.selector.named_parameters()
        if parameter.requires_grad and not parameter.grad.abs().sum() > 0
    ]
    # Within a budget, only differences of scores matter.
    budget = module.sampler.has_budget
    assert set(untouched) <= ({"output.bias", "prior.bias"} if budget else set())
    assert not module.selector.text_encoder.vectors.weight.requires_grad
    names = dict(module.selector.named_parameters())
    assert ("prior.gain" in names) == (start == "linear start")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("sampler", SAMPLERS.named)
def test_documents_without_words_are_finite_with_finite_gradients(start, sampler):
    module = network(start, sampler)
    probabilities, mask = read(module, [[], [2, 3]])
    assert np.isfinite(probabilities).all()
    assert not mask[0].any()
    module.train()
    fold = torch.tensor([1, 2]) if start == "linear start" else None
    for given_mask in (None, torch.zeros(2, 2)):
        module.zero_grad()
        reading = module(rectangle([[], [2, 3]]), fold=fold, mask=given_mask)
        (reading.logits.square().sum() + reading.selection.mask.sum()).backward()
        for name, parameter in module.named_parameters():
            assert parameter.grad is None or parameter.grad.to_dense().isfinite().all(), name

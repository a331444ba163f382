"""Spans and units of rationales, as a user asks for them."""

import re
import warnings

import numpy as np
import pytest

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, SAMPLERS, STYLES, LinearInit, Style, TopK, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import rationale_length
from sklearn_irx.text import SentenceSplitter

SAMPLERS_WITHOUT_AUTO = [name for name in SAMPLERS.named if name != "auto"]


@pytest.fixture(scope="module")
def data():
    texts, y, _ = make_rationale_classification(400, n_words=60, random_state=0)
    return texts[:300], y[:300], texts[300:], y[300:]


def n_pieces(mask):
    return int((np.diff(np.concatenate([[0], mask])) == 1).sum())


def make(**parameters):
    given = {"random_state": 0, "n_threads": 1, "rationale_length": 8, **parameters}
    return SelectiveRationaleClassifier(**given)


def sentences_of(rationale):
    """Return for each sentence of a text the marks of its words."""
    found = []
    for start, end in SentenceSplitter()(rationale.text):
        inside = [start <= one < end for one, _ in rationale.spans]
        if any(inside):
            found.append(rationale.mask[np.array(inside)])
    return found


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("sampler", SAMPLERS_WITHOUT_AUTO)
def test_no_rationale_has_more_spans_than_asked_for(data, sampler, limit):
    texts, y, held_out, _ = data
    clf = make(style=Style(max_spans=limit), sampler=sampler).fit(texts, y)
    found = [n_pieces(mask) for mask in clf.transform(held_out)]
    assert max(found) == limit
    assert rationale_length(clf.transform(held_out)) > 4


def test_spans_have_as_many_words_as_words_alone(data):
    texts, y, held_out, _ = data
    words = make(sampler="top_k").fit(texts, y).transform(held_out)
    spans = make(sampler="top_k", style=Style(max_spans=2)).fit(texts, y).transform(held_out)
    assert (words.sum(axis=1) == spans.sum(axis=1)).all()


def test_a_span_may_hold_words_that_the_model_does_not_know(data):
    texts, y, *_ = data
    clf = make(style=Style(max_spans=1), rationale_length=3, sampler="top_k").fit(texts, y)
    known = next(word for word in ("drains", "quiet", "clean", "dirty") if word in clf.vocabulary_)
    mask = clf.transform([f"{known} qwertz {known}"])[0]
    assert mask[:3].all()
    assert not clf.transform(["qwertz asdfgh"]).any()


def test_ends_of_spans_snap_to_punctuation(data):
    texts, y, held_out, _ = data

    def share_at_punctuation(snap):
        clf = make(style=Style(max_spans=2, snap=snap), sampler="top_k").fit(texts, y)
        ends, at = 0, 0
        for rationale in clf.explain(held_out):
            for i in np.flatnonzero(rationale.mask & ~np.append(rationale.mask[1:], False)):
                after = rationale.text[rationale.spans[i][1] :]
                ends, at = ends + 1, at + bool(re.match(r"\s*(?:[.,;:!?]|$)", after))
        return at / ends

    loose, snapped = share_at_punctuation(0.0), share_at_punctuation(2.0)
    assert snapped > loose + 0.25


@pytest.mark.parametrize(
    "parameters",
    [
        {"rationale_length": 2, "sampler": "top_k"},
        {"rationale_length": 0.3},
        {"rationale_length": None},
        {"rationale_length": None, "lambda1": 0.1},
        {"rationale_length": 2, "sampler": TopK(contiguous=True)},
        {"rationale_length": 2, "sampler": "sparsemap"},
        {"rationale_length": 2, "initialization": LinearInit(class_focus=1)},
        {"encoder": CNN(n_filters=4), "training": Training(max_epochs=1), "rationale_length": 2},
    ],
    ids=str,
)
def test_sentences_are_selected_as_a_whole(data, parameters):
    texts, y, held_out, _ = data
    clf = make(style="sentences", **parameters).fit(texts, y)
    rationales = clf.explain(held_out)
    counts = []
    for rationale in rationales:
        marks = sentences_of(rationale)
        assert all(mask.all() or not mask.any() for mask in marks)
        counts.append(sum(mask.all() for mask in marks))
        assert rationale.scores is not None
        assert len(set(rationale.scores.round(6))) <= len(marks)
    assert 0 < np.mean(counts) < 4
    if parameters.get("sampler") == "top_k":
        assert set(counts) == {2}
    assert clf.score(held_out, data[3]) > 0.6


def test_lengths_and_limits_count_sentences(data):
    texts, y, held_out, _ = data
    clf = make(style="sentences", rationale_length=1, sampler="top_k").fit(texts, y)
    counts = [sum(mask.any() for mask in sentences_of(one)) for one in clf.explain(held_out)]
    assert set(counts) == {1}
    assert clf.history_["valid_words"][-1] == 1
    clf = make(style="sentences", rationale_length=2, max_rationale_length=3).fit(texts, y)
    counts = [sum(mask.any() for mask in sentences_of(one)) for one in clf.explain(held_out)]
    assert max(counts) <= 3


def test_one_sentence_of_a_few_is_no_more_than_asked_for(data):
    texts, y, *_ = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = SelectiveRationaleClassifier(style="sentences", random_state=0, n_threads=1)
        clf.fit([text[: text.find(".", 120) + 1] or text for text in texts], y)


def test_a_contiguous_sampler_keeps_its_one_span(data):
    texts, y, held_out, _ = data
    clf = make(style=Style(max_spans=3, snap=1), sampler=TopK(contiguous=True)).fit(texts, y)
    assert {n_pieces(mask) for mask in clf.transform(held_out)} == {1}


def test_words_for_a_class_lie_within_the_text(data):
    """Also where all known words speak against the class, and ends have a cost."""
    texts, y, *_ = data
    clf = make(style=Style(max_spans=1, snap=1), sampler="top_k", rationale_length=3).fit(texts, y)
    against = "qwertz, qwertz qwertz. " + texts[0].split()[-1]
    for document in clf.explain([against, *texts[:3]], target="all"):
        for one in document:
            assert one.mask.sum() == document.own.mask.sum()


def test_words_for_a_class_are_sentences_too(data):
    texts, y, held_out, _ = data
    clf = make(style="sentences", rationale_length=1, sampler="top_k").fit(texts, y)
    for document in clf.explain(held_out[:5], target="all"):
        for rationale in [document.own, *document]:
            marks = sentences_of(rationale)
            assert [mask.all() for mask in marks] == [mask.any() for mask in marks]
            assert sum(mask.all() for mask in marks) == 1


def test_a_mask_that_is_given_is_read_word_by_word(data):
    texts, y, held_out, _ = data
    clf = make(style="sentences", rationale_length=1).fit(texts, y)
    masks = np.zeros((len(held_out), clf.max_length), dtype=bool)
    masks[:, 1] = True
    assert (clf.predict_with_masks(held_out, masks)[1] == masks).all()


def test_a_function_may_say_what_is_selected_as_a_whole(data):
    texts, y, *_ = data

    def halves(text):
        return [(0, len(text) // 2), (len(text) // 2, len(text))]

    clf = make(style=Style(unit=halves), rationale_length=1, sampler="top_k").fit(texts, y)
    for rationale in clf.explain(texts[:20]):
        middle = len(rationale.text) // 2
        first = np.array([start < middle for start, _ in rationale.spans])
        assert len(set(rationale.mask[first])) == len(set(rationale.mask[~first])) == 1


def test_styles_by_name_and_by_nested_parameters(data):
    texts, y, held_out, _ = data
    clf = make(style="phrases").set_params(style__max_spans=1, sampler="top_k")
    assert clf.style.get_params() == Style(span_length=4, max_spans=1).get_params()
    assert STYLES.named["phrases"].max_spans is None
    assert {n_pieces(mask) for mask in clf.fit(texts, y).transform(held_out)} == {1}
    assert "style__snap" in clf.get_params()


@pytest.mark.parametrize(
    ("style", "error"),
    [
        ("clauses", "style='clauses': give one of 'words', 'phrases', 'passage', 'sentences'"),
        (Style(unit="clause"), "'unit' parameter of Style must be"),
        (Style(max_spans=0), "'max_spans' parameter of Style must be"),
        (Style(unit="sentence", snap=1), "snap=1 is for spans of words"),
    ],
    ids=str,
)
def test_what_no_style_is_is_refused_before_training(data, style, error):
    texts, y, *_ = data
    with pytest.raises(ValueError, match=re.escape(error)):
        make(style=style).fit(texts, y)

"""Words for a class and against it, confirmed one by one with the predictor by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx import Rationale, SelectiveRationaleClassifier
from sklearn_irx.classifier.by_class import BY_CLASS
from sklearn_irx.classifier.sides import BothSides
from sklearn_irx.components import CNN, LinearInit, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import SentenceSplitter, WordTokenizer
from sklearn_irx.text.spans import runs

STYLES = {
    "words": {"rationale_length": 6},
    "passage": {"style": "passage"},
    "phrases": {"style": "phrases"},
    "sentences": {"style": "sentences"},
    "scratch": {
        "encoder": CNN((3,), n_filters=8),
        "initialization": None,
        "training": Training(max_epochs=3),
        "rationale_length": 6,
    },
}


@pytest.fixture(scope="module", params=STYLES)
def style(request):
    return request.param


@pytest.fixture(scope="module")
def model(style, reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(n_threads=1, random_state=0, **STYLES[style])
    return clf.fit(texts[:300], y[:300])


def parts_of(style, one):
    """The parts of a rationale that are read alone: words, spans, or sentences."""
    if style in ("words", "scratch"):
        return [[place] for place in np.flatnonzero(one.mask)]
    if style == "sentences":
        found = {}
        for number, (start, end) in enumerate(SentenceSplitter()(one.text)):
            for place, (first, _) in enumerate(one.spans):
                if start <= first < end and one.mask[place]:
                    found.setdefault(number, []).append(place)
        return list(found.values())
    return [list(range(*run)) for run in runs(one.mask)]


def confirmed_by_hand(clf, style, text, targets):
    """Read each part of each side alone; return the masks of what speaks for its class."""
    sides = [clf.explain([text], target=target)[0] for target in targets]
    of_class = clf.classes_.tolist()

    def log_odds(mask, label):
        p = clf.predict_proba([text], [mask])[0, of_class.index(label)]
        return np.log(p / (1 - p))

    raised = {}
    for number, one in enumerate(sides):
        for part in parts_of(style, one):
            mask = np.zeros(len(one.tokens), dtype=bool)
            before = log_odds(mask, one.target)
            mask[part] = True
            raised[number, tuple(part)] = log_odds(mask, one.target) - before
    strongest = max(raised.values())
    masks = np.zeros((2, len(sides[0].tokens)), dtype=bool)
    for (number, part), value in raised.items():
        masks[number, list(part)] = value > 0 and value >= strongest / 3
    return masks


def test_each_side_has_what_the_predictor_confirms(model, style, reviews):
    texts = reviews[0][300:320]
    n_smaller = 0
    for text, found in zip(texts, model._sides(texts), strict=True):
        own, *others = model.explain([text], target="all")[0]
        assert (found.own.mask == model.explain([text])[0].mask).all()
        assert [found.supporting.target, found.opposing.target] == [own.target, others[0].target]
        expected = confirmed_by_hand(model, style, text, [own.target, others[0].target])
        for side, mask in zip((found.supporting, found.opposing), expected, strict=True):
            assert (side.mask == mask).all()
            (p,) = model.predict_proba([text], [mask])
            assert side.confidence == pytest.approx(p.max(), abs=1e-6)
            assert side.label == model.classes_[p.argmax()]
            wanted = model.classes_.tolist().index(side.target)
            assert side.target_confidence == pytest.approx(p[wanted], abs=1e-6)
        n_smaller += found.opposing.mask.sum() < found.own.mask.sum()
    assert n_smaller > 10


def test_a_label_speaks_against_the_others(model, reviews):
    texts = reviews[0][300:330]
    for number, label in enumerate(model.classes_):
        for found in model._sides(texts, number):
            assert found.supporting.target == found.own.label
            assert found.opposing.target != found.own.label
            if found.own.label != label:
                assert found.opposing.target == label


def test_texts_without_words_have_empty_sides(model):
    for found in model._sides(["", "zzz qqq", "?!"]):
        assert not found.supporting.mask.any()
        assert not found.opposing.mask.any()
        assert found.outcome(found.opposing) == "nothing speaks for it"
    assert model._sides([]) == []


@pytest.mark.parametrize("encoder", [None, CNN((3,), n_filters=8)])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_both_sides_are_found_where_they_are_known(n_classes, encoder):
    """Of each side, F1 with the words that stand in texts of its class alone, .8 at least."""
    lexicon = {}
    for text, label, mask in zip(
        *make_rationale_classification(
            3000, n_classes=n_classes, n_words=60, difficulty=0, random_state=1
        ),
        strict=True,
    ):
        words = np.array(WordTokenizer().words(text))
        lexicon.setdefault(label, set()).update(words[mask[: len(words)]].tolist())
    texts, y, _ = make_rationale_classification(
        700, n_classes=n_classes, n_words=80, n_cues=4, difficulty=0.6, random_state=0
    )
    clf = SelectiveRationaleClassifier(rationale_length=8, n_threads=1, random_state=0)
    clf.set_params(encoder=encoder, training=Training(max_epochs=3)).fit(texts[:500], y[:500])
    scores = {"supporting": [], "opposing": []}
    for one in clf._sides(texts[500:]):
        for name, found in scores.items():
            side = getattr(one, name)
            truth = np.array([word in lexicon[side.target] for word in side.tokens])
            if truth.any():
                found.append(2 * (truth & side.mask).sum() / (truth.sum() + side.mask.sum()))
    assert min(map(len, scores.values())) > 100
    assert {name: np.mean(found) for name, found in scores.items() if np.mean(found) < 0.8} == {}


def sided(n_words, supporting, opposing, gap=" "):
    """A document of words of one letter, some on either side."""
    text = gap.join("w" * n_words)
    spans = [(i * (1 + len(gap)), i * (1 + len(gap)) + 1) for i in range(n_words)]
    masks = [np.isin(np.arange(n_words), list(side)) for side in (supporting, opposing)]
    own = Rationale(text, list("w" * n_words), spans, masks[0], label="a", confidence=0.7)
    sides = (
        replace(own, mask=mask, label="a", target=target, target_confidence=0.5)
        for mask, target in zip(masks, "ab", strict=True)
    )
    return BothSides(own, *sides)


@given(st.data(), st.integers(0, 150), st.booleans())
def test_pieces_are_the_text_and_each_word_is_on_its_side(data, n_words, whole):
    places = st.sets(st.integers(0, max(0, n_words - 1)), max_size=12 if n_words else 0)
    one = sided(n_words, data.draw(places), data.draw(places))
    pieces = list(one.pieces(whole=whole))
    assert "".join(piece.text for piece in pieces) == one.own.text
    letters = [(piece.side, piece.n_folded) for piece in pieces for _ in piece.text]
    for (start, _), supports, opposes in zip(
        one.own.spans, one.supporting.mask, one.opposing.mask, strict=True
    ):
        side, n_folded = letters[start]
        assert side == {0: "", 1: "for", 2: "against", 3: "both"}[supports + 2 * opposes]
        assert not (side and n_folded)
    if whole:
        assert not any(piece.n_folded for piece in pieces)


def test_html_marks_each_side_and_escapes_all():
    one = sided(3, [0, 1], [1, 2], gap="<b>")
    assert one.to_html() == (
        '<mark class="for">w</mark>&lt;b&gt;<mark class="both">w</mark>&lt;b&gt;'
        '<mark class="against">w</mark>'
    )
    long = sided(200, [3], [4])
    assert '<details class="fold">' in long.to_html()
    assert "<details" not in long.to_html(whole=True)


def test_how_the_own_rationale_was_chosen_is_said(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(
        initialization=LinearInit(class_focus=1), n_threads=1, random_state=0
    ).fit(texts[:200], y[:200])
    (one,) = clf._sides(texts[:1])
    assert f"(the model's own rationale was {BY_CLASS})" in one.how_chosen()
    assert "(the model's own rationale was not)" in sided(3, [0], [1]).how_chosen()


def test_it_is_ready_for_json(reviews):
    one = sided(3, [0], [2])
    values = json.loads(json.dumps(one.to_dict()))
    assert set(values) == {"own", "supporting", "opposing"}
    assert Rationale.from_dict(values["opposing"]).words == one.opposing.words
    assert str(one) == "for a (0.50): w; against, for b (0.50): w"

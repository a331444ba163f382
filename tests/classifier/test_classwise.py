"""Words chosen to support a class, against weights read from the network by hand."""

import itertools
import json
import math

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sklearn_irx import Rationale, SelectiveRationaleClassifier
from sklearn_irx.classifier.by_class import BY_CLASS
from sklearn_irx.classifier.classwise import ClasswiseDocuments
from sklearn_irx.components import LinearInit, TopK
from sklearn_irx.text import SentenceSplitter


@pytest.fixture(scope="module")
def model(reviews):
    """Make a default classifier with other parameters, fitted on 300 reviews of three classes."""
    texts, y, _ = reviews
    made = {}

    def fitted(**parameters):
        key = repr(parameters)
        if key not in made:
            clf = SelectiveRationaleClassifier(max_length=60, n_threads=1, random_state=0)
            made[key] = clf.set_params(**parameters).fit(texts[:300], y[:300])
        return made[key]

    return fitted


def class_weights(clf, text, smoothing=0.0):
    """The weight of each word for each class: of itself, and half of its pairs with neighbours."""
    arrays = clf._module.to_arrays()
    weights, idf = (arrays[f"predictor.linear.{name}"] for name in ("weights", "idf"))
    number = {word: i for i, word in enumerate(clf.vocabulary_.words, start=2)}
    ids = [number.get(word, 1) for word in clf.tokenize([text]).word_lists()[0]]
    found = np.array([weights[i] * idf[i] for i in ids])
    if "predictor.linear.bigrams.bigrams" in arrays:
        pairs, of_pair, idf = (
            arrays[f"predictor.linear.bigrams.{name}"] for name in ("bigrams", "weights", "idf")
        )
        rows = {pair: row for row, pair in enumerate(pairs.tolist())}
        for i, (left, right) in enumerate(itertools.pairwise(ids)):
            row = rows.get(left * len(weights) + right)
            if row is not None and min(left, right) > 1:
                found[[i, i + 1]] += of_pair[row] * idf[row] / 2
    if smoothing:
        reach, places = math.ceil(3 * smoothing), np.arange(len(ids))
        apart = np.abs(places[:, None] - places)
        kernel = np.where(apart <= reach, np.exp(-0.5 * (apart / smoothing) ** 2), 0)
        found = kernel @ found / kernel.sum(axis=1, keepdims=True)
    return found, np.array(ids) > 1


def assert_best_words(values, mask, known):
    """No word left out has a larger value than one selected; of equal ones, the first is."""
    assert not (mask & ~known).any()
    if mask.any() and (known & ~mask).any():
        assert values[mask].min() >= values[known & ~mask].max() - 1e-4
    expected = np.zeros(len(values), dtype=bool)
    expected[np.argsort(np.where(known, -values, np.inf), kind="stable")[: mask.sum()]] = True
    return (expected == mask).all()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"initialization": LinearInit(bigrams=False)},
        {"initialization": LinearInit(class_focus=1.0)},
        {"initialization": LinearInit(smoothing=1.5)},
        {"rationale_length": 5, "initialization": LinearInit("naive_bayes")},
    ],
    ids=["default", "words alone", "class focus", "smoothed", "mean length"],
)
def test_the_words_for_a_class_have_its_largest_weights(parameters, model, reviews):
    clf, texts = model(**parameters), reviews[0][300:340]
    smoothing = 1.5 if "smoothing=1.5" in repr(parameters) else 0.0
    same = []
    for text, document in zip(texts, clf.explain(texts, target="all"), strict=True):
        weights, known = class_weights(clf, text, smoothing)
        assert sorted(one.target for one in document) == clf.classes_.tolist()
        for one in document:
            number = clf.classes_.tolist().index(one.target)
            same.append(assert_best_words(weights[:, number], one.mask, known))
            assert one.mask.sum() == document.own.mask.sum()
    assert np.mean(same) > 0.9  # equal but for the last digits
    assert len({tuple(one.words) for one in document}) > 1, "this test sees nothing"


def test_a_passage_for_a_class_is_the_window_with_its_largest_weights(model, reviews):
    clf, texts = model(style="passage"), [*reviews[0][300:330], "Dull qwertz", "qwertz", ""]
    for text, document in zip(texts, clf.explain(texts, target="all"), strict=True):
        n = document.own.mask.sum()
        if n == 0:
            assert not any(one.mask.any() for one in document)
            continue
        weights, known = class_weights(clf, text, smoothing=16.0)
        sums = np.array([weights[i : i + n].sum(axis=0) for i in range(len(weights) - n + 1)])
        for one in document:
            number = clf.classes_.tolist().index(one.target)
            first = int(one.mask.argmax())
            assert one.mask.sum() == n == one.mask[first : first + n].sum()
            assert (one.mask & known).any()
            assert sums[first, number] >= sums[:, number].max() - 1e-4


@pytest.mark.parametrize("focus", [0, 1])
def test_a_sentence_for_a_class_has_the_largest_mean_weight(focus, model, reviews):
    clf = model(
        style="sentences", rationale_length=1, sampler="top_k",
        initialization=LinearInit(class_focus=focus),
    )  # fmt: skip
    texts = reviews[0][300:320]
    for text, document in zip(texts, clf.explain(texts, target="all"), strict=True):
        weights, known = class_weights(clf, text)
        starts = np.array([start for start, _ in document.own.spans])
        sentences = [(start <= starts) & (starts < end) for start, end in SentenceSplitter()(text)]
        sentences = [inside for inside in sentences if (inside & known).any()]
        if focus:  # what speaks against a class counts for nothing
            weights = weights.clip(min=0)
        means = np.array([weights[inside].mean(axis=0) for inside in sentences])
        for one in document:
            number = clf.classes_.tolist().index(one.target)
            (chosen,) = [i for i, inside in enumerate(sentences) if (one.mask & inside).any()]
            assert (one.mask == sentences[chosen]).all()
            assert means[chosen, number] >= means[:, number].max() - 1e-5


def test_a_passage_for_a_class_holds_a_known_word(model):
    clf = model(
        sampler=TopK(contiguous=True), rationale_length=1, initialization=LinearInit(smoothing=0)
    )
    (document,) = clf.explain(["ants qwertz qwertz"], target="all")
    # For classes that "ants" speaks against, the weight of an unknown word, 0, is larger.
    assert [one.words for one in document] == [["ants"]] * 3


def test_phrases_for_a_class_are_as_few_as_the_selection_has(model, reviews):
    clf, texts = model(style="phrases"), reviews[0][300:360]
    documents = clf.explain(texts, target="all")
    of_words = model(initialization=LinearInit(smoothing=1.0)).explain(texts, target="all")
    spans = [
        np.mean([len(one.selected_spans) for document in found for one in document])
        for found in (documents, of_words)
    ]
    own = np.mean([len(document.own.selected_spans) for document in documents])
    assert spans[0] < 0.8 * spans[1]
    assert spans[0] < 1.5 * own
    for document in documents:
        assert {one.mask.sum() for one in document} == {document.own.mask.sum()}


def test_without_a_linear_initialization_the_predictor_ranks_words_one_by_one(small, reviews):
    texts, y, _ = reviews
    clf = small(
        initialization=None, sampler="top_k", rationale_length=3, training__max_epochs=8,
        training__learning_rate=1e-2, training__batch_size=16,
    ).fit(texts[:200], y[:200])  # fmt: skip
    documents = clf.explain(texts[300:310], target="all")
    assert {len({tuple(one.words) for one in document}) for document in documents} != {1}
    for document in documents:
        own = document.own
        known = np.isin(own.tokens, [*clf.vocabulary_.words, *clf.vocabulary_.unseen_words])
        raised = np.log(clf.predict_proba(own.tokens))
        for one in document:
            values = raised[:, clf.classes_.tolist().index(one.target)]
            assert_best_words(values, one.mask, known)
            assert one.mask.sum() == own.mask.sum() > 0


@pytest.mark.parametrize(
    "parameters", [{}, {"style": "phrases"}, {"calibration": "temperature"}], ids=repr
)
def test_what_is_said_of_the_words_is_predicted_from_them_alone(parameters, model, reviews):
    clf, texts = model(**parameters), reviews[0][300:350]
    documents = clf.explain(texts, target="all")
    own = clf.explain(texts)
    assert [one.own.to_dict() for one in documents] == [one.to_dict() for one in own]
    probabilities = clf.predict_proba(texts)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    for place in range(3):
        found = [document[place] for document in documents]
        assert [one.target for one in found] == clf.classes_[order[:, place]].tolist()
        masks = np.zeros((len(texts), 60), dtype=bool)
        for row, one in enumerate(found):
            masks[row, : len(one.mask)] = one.mask
        said = clf.predict_proba(texts, masks=masks)
        rows = np.arange(len(texts))
        for_target = said[rows, order[:, place]]
        np.testing.assert_allclose([one.target_confidence for one in found], for_target, atol=1e-6)
        np.testing.assert_allclose([one.confidence for one in found], said.max(axis=1), atol=1e-6)
        labels = clf.classes_[said.argmax(axis=1)]
        assert [one.label for one in found] == labels.tolist()
        assert [one.convinced for one in found] == (
            labels == clf.classes_[order[:, place]]
        ).tolist()


def test_every_target_finds_its_part_of_all(model, reviews):
    clf, texts = model(), reviews[0][300:330]
    documents = clf.explain(texts, target="all")
    as_dicts = [[one.to_dict() for one in document] for document in documents]
    for place, target in enumerate(("predicted", "runner_up")):
        found = clf.explain(texts, target=target)
        assert [one.to_dict() for one in found] == [document[place] for document in as_dicts]
    found = clf.explain(texts, target=np.str_("noise"))
    assert [one.words for one in found] == [
        next(one.words for one in document if one.target == "noise") for document in documents
    ]
    contested = [any(one.convinced for one in document[1:]) for document in documents]
    assert [document.contested for document in documents] == contested
    n = sum(contested)
    assert f"In {n} of 30 documents ({100 * n / 30:.0f} %), words for another" in repr(documents)
    of_one = clf._classwise(texts, "predicted")
    assert (of_one[0].contested, of_one.summary()) == (None, "")


def test_words_for_the_predicted_class_support_it_more_than_the_own_ones(model, reviews):
    documents = model(rationale_length=2, max_rationale_length=2).explain(reviews[0], target="all")
    own = np.mean([document.own.confidence for document in documents])
    assert np.mean([document[0].target_confidence for document in documents]) > own


def test_what_is_chosen_by_class_says_so(model, reviews):
    blind, focused = model(), model(initialization=LinearInit(class_focus=1.0))
    texts = reviews[0][:2]
    (own, _), (for_class, _) = blind.explain(texts), blind.explain(texts, target="noise")
    assert own.how_chosen() == own.outcome() == ""
    assert BY_CLASS not in str(own) + own._repr_html_() + repr(blind.explain(texts))
    said = "chosen to support noise; the model's own rationale was not"
    assert for_class.how_chosen() == said
    assert said in str(for_class)
    assert said.replace("'", "&#x27;") in for_class._repr_html_()
    (own, _), (for_class, _) = focused.explain(texts), focused.explain(texts, target="noise")
    assert own.how_chosen() == BY_CLASS
    assert BY_CLASS in str(own)
    assert BY_CLASS in own._repr_html_()
    assert for_class.how_chosen().endswith(f"own rationale was {BY_CLASS}")
    given = focused.explain(texts, masks=blind.transform(texts))
    assert [one.how_chosen() for one in given] == ["", ""]  # this model has not chosen these words
    for clf, chosen in ((blind, "own rationale was not."), (focused, f"was {BY_CLASS}.")):
        documents = clf.explain(texts, target="all")
        assert chosen in documents.summary()
        assert documents.summary() in repr(documents)
        assert documents.summary() in documents._repr_html_()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nois", r"target='nois' is no class .* 'all', 'predicted', 'runner_up', .* 'hygiene'"),
        (1, "target=1 is no class"),
        (["noise"], r"target=\['noise'\] is no class"),
        (np.array(["noise"]), "is no class"),
        ("", "target='' is no class"),
    ],
)
def test_a_class_that_is_not_known_is_refused_before_texts_are_read(target, said, model):
    def texts():
        raise AssertionError("read")
        yield

    with pytest.raises(ValueError, match=said):
        model().explain(texts(), target=target)


def test_numbers_and_booleans_are_not_confused(small, reviews):
    texts, y = reviews[0][:60], np.array(reviews[1][:60]) == "noise"
    booleans, numbers = (
        small(training__max_epochs=1).fit(texts, labels) for labels in (y, y.astype(int))
    )
    assert booleans.explain(texts[:1], target=np.bool_(True))[0].target == np.True_
    assert numbers.explain(texts[:1], target=np.int64(0))[0].to_dict()["target"] == 0
    for clf, target in ((booleans, 1), (numbers, True)):
        with pytest.raises(ValueError, match="is no class"):
            clf.explain(texts, target=target)


def test_wrong_calls_say_what_is_wrong(model, small):
    masks = np.zeros((1, 60), dtype=bool)
    with pytest.raises(ValueError, match="masks and target are both given"):
        model().explain(["A room."], masks, target="all")
    with pytest.raises(NotFittedError):
        small().explain(["A room."], target="all")
    with pytest.raises(TypeError, match="X is one str"):
        model().explain("A room.", target="all")


@pytest.mark.parametrize("style", ["words", "phrases", "passage"])
def test_documents_without_words_have_empty_rationales(style, model):
    clf = model(style=style)
    documents = clf.explain(["", "qwertz uiop", "There were ants."], target="all")
    nothing = clf.predict_proba([""])[0]
    for document in documents[:2]:
        assert [one.words for one in document] == [[]] * 3
        found = {one.target: one.target_confidence for one in document}
        assert [found[label] for label in clf.classes_] == pytest.approx(nothing.tolist())
    assert all(one.words for one in documents[2])
    assert clf.explain([], target="all") == []
    assert clf.explain([], target="noise") == []


def test_any_number_of_documents_at_once_and_any_split_of_them(model, reviews, monkeypatch):
    clf, texts = model(), reviews[0]
    at_once = clf.explain(texts, target="all")
    monkeypatch.setattr("sklearn_irx.classifier.targets._CHUNK", 7)
    in_parts = clf.explain(iter(texts), target="all")
    assert [[one.words for one in document] for document in at_once] == [
        [one.words for one in document] for document in in_parts
    ]


def test_the_result_is_a_list_that_shows_itself(model, reviews):
    documents = model().explain([*reviews[0][:24], "<b>ants</b>"], target="all")
    assert isinstance(documents[:2], ClasswiseDocuments)
    page = documents._repr_html_()
    assert page.count("<style>") == 1
    assert page.count('<div class="sides">') == 20
    assert page.count("<section>") == 60
    assert "5 more" in page
    assert len(repr(documents).splitlines()) == 22
    one = documents[-1]
    assert "<b>ants" not in one._repr_html_()
    assert "&lt;b&gt;<mark>ants</mark>" in one._repr_html_()
    assert str(one).splitlines()[0] == str(one.own)
    values = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    again = [Rationale.from_dict(row) for row in values["targets"]]
    assert [found.how_chosen() for found in again] == [found.how_chosen() for found in one]
    assert [str(found) for found in again] == [str(found) for found in one]


def test_of_many_classes_the_most_probable_are_shown(reviews):
    y = np.arange(400) % 7
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=1)
    (document,) = clf.fit(reviews[0], y).explain(reviews[0][:1], target="all")
    assert len(document) == 7
    assert document._repr_html_().count("<section>") == 4
    assert "and 3 more classes" in document._repr_html_()
    assert "and 3 more classes" in repr(document)
    assert "and 3 more classes" in repr(ClasswiseDocuments([document]))

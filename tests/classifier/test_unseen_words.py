"""Words that training texts lack and the word vectors given have."""

import pickle

import joblib
import numpy as np
import pytest

from sklearn_irx import InteractiveEnsemble
from sklearn_irx.text import WordVectors

SIZE = 8
TELLING, FILLING = 40, 60  # words of each class, and words of none
FROM_SCRATCH = {
    "initialization": None, "training__warmup_epochs": 3, "training__ramp_epochs": 1,
    "training__max_epochs": 8,
    "training__learning_rate": 1e-2, "training__batch_size": 16, "training__dropout": 0.1,
}  # fmt: skip


@pytest.fixture(scope="module")
def vectors():
    """Words of two classes, whose vectors tell them apart, and others. "twin" is "dirt0"."""
    random = np.random.RandomState(0)
    words = [f"{kind}{i}" for kind in ("dirt", "noise") for i in range(TELLING)]
    words += [f"filler{i}" for i in range(FILLING)]
    rows = random.normal(scale=0.3, size=(len(words), SIZE))
    rows[:TELLING, 0] += 2
    rows[TELLING : 2 * TELLING, 1] += 2
    # Of 16 bits, as those of unseen words are kept.
    rows = rows.astype(np.float16)
    return WordVectors([*words, "twin"], np.concatenate([rows, rows[:1]]))


def make(n, first, last, seed):
    """Make up texts of ten words that tell nothing and two, numbered so, that tell the class."""
    random = np.random.RandomState(seed)
    y = np.array(["dirt", "noise"] * (n // 2))
    texts = []
    for kind in y:
        words = [f"filler{i}" for i in random.randint(0, FILLING, 10)]
        words += [f"{kind}{i}" for i in random.randint(first, last, 2)]
        random.shuffle(words)
        texts.append(" ".join(words))
    return texts, y


TRAINING = make(300, 0, TELLING // 2, seed=1)
STRANGE = make(100, TELLING // 2, TELLING, seed=2)  # no telling word was in a training text
FAMILIAR = make(100, 0, TELLING // 2, seed=3)


@pytest.fixture(scope="module")
def reader(small, vectors):
    """A classifier that reads unseen words."""
    return small(embeddings=vectors, **FROM_SCRATCH).fit(*TRAINING)


@pytest.fixture(scope="module")
def unaware(small, vectors):
    """A classifier to which they are unknown."""
    return small(embeddings=vectors, max_unseen_words=0, **FROM_SCRATCH).fit(*TRAINING)


def test_texts_are_told_apart_by_words_of_which_only_the_vectors_are_known(reader, unaware):
    texts, y = STRANGE
    assert reader.score(texts, y) > 0.9
    selected = {word for rationale in reader.explain(texts) for word in rationale.words}
    assert selected - set(reader.vocabulary_.words)
    assert unaware.score(texts, y) < 0.6
    selected = {word for rationale in unaware.explain(texts) for word in rationale.words}
    assert selected <= set(unaware.vocabulary_.words)


def test_texts_of_known_words_are_read_as_ever(reader, unaware):
    texts, y = FAMILIAR
    assert reader.score(texts, y) > 0.9
    np.testing.assert_array_equal(reader.predict_proba(texts), unaware.predict_proba(texts))


def test_the_selector_reads_the_vector(reader):
    texts = [text.replace("dirt0 ", "twin ") for text in TRAINING[0] if "dirt0 " in text]
    masks = reader.transform(texts)
    assert masks.any()
    again = reader.transform([text.replace("twin ", "dirt0 ") for text in texts])
    np.testing.assert_array_equal(masks, again)


@pytest.mark.parametrize(("rate", "same"), [(1e-12, True), (1e-2, False)])
def test_the_predictor_reads_the_vector_as_it_was_given(rate, same, small, vectors):
    clf = small(embeddings=vectors, **FROM_SCRATCH, training__predictor_learning_rate=rate)
    clf.fit(*TRAINING)
    one, two = clf.predict_proba(["dirt0 dirt0", "twin twin"], masks=np.ones((2, 2), bool))
    # Training moves the vectors of known words.
    assert np.allclose(one, two, atol=1e-6) == same


def test_they_are_numbered_but_not_known(reader, vectors):
    vocabulary = reader.vocabulary_
    assert "dirt0" in vocabulary
    assert "twin" not in vocabulary
    assert vocabulary.unseen_words == [word for word in vectors.words if word not in vocabulary]
    assert len(vocabulary.words) + len(vocabulary.unseen_words) == len(vectors.words)


def test_what_is_read_does_not_depend_on_other_documents(reader):
    texts = [text for pair in zip(STRANGE[0], FAMILIAR[0], strict=True) for text in pair][:60]
    probabilities, masks = reader.predict_with_masks(texts)
    for row, text in enumerate(texts):
        alone = reader.predict_with_masks([text])
        np.testing.assert_allclose(alone[0][0], probabilities[row], atol=1e-5)
        np.testing.assert_array_equal(alone[1][0], masks[row])
    for X in (iter(texts), reader.tokenize(texts)):
        chunks = [mask for _, mask in reader.iter_predictions(X, chunk_size=7)]
        np.testing.assert_array_equal(np.concatenate(chunks), masks)


def test_a_saved_model_reads_them_as_before(reader, tmp_path):
    joblib.dump(reader, tmp_path / "model.joblib", compress=3)
    for again in (joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(reader))):
        for one, two in zip(
            again.predict_with_masks(STRANGE[0]), reader.predict_with_masks(STRANGE[0]), strict=True
        ):
            np.testing.assert_array_equal(one, two)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # gensim opens it twice
def test_a_model_holds_as_many_as_it_is_told_to(small, tmp_path):
    words = [f"word{i}" for i in range(5000)]
    rows = np.random.RandomState(0).normal(size=(len(words), SIZE)).round(3)
    lines = (f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, rows, strict=True))
    (tmp_path / "vectors.txt").write_text("".join(lines))
    sizes = {}
    for limit in (0, 10, None):
        clf = small(
            embeddings=tmp_path / "vectors.txt", max_unseen_words=limit, training__max_epochs=1
        )
        clf.fit(["word3 ants", "bed word1"] * 10, [0, 1] * 10)
        expected = [word for word in words if word not in ("word1", "word3")][:limit]
        assert clf.vocabulary_.unseen_words == expected
        sizes[limit] = len(pickle.dumps(clf))
    assert sizes[10] - sizes[0] < 1000
    # 2 bytes a number, and the word itself.
    assert 2 * SIZE < (sizes[None] - sizes[0]) / len(words) < 2 * SIZE + 30


def test_words_rarer_than_min_df_are_read_if_they_have_a_vector(small, vectors):
    texts, y = TRAINING
    clf = small(embeddings=vectors, min_df=2, **FROM_SCRATCH)
    clf.fit([*texts, "dirt30 once", "noise30 only"], [*y, "dirt", "noise"])
    assert not {"dirt30", "noise30", "once", "only"} & set(clf.vocabulary_.words)
    given = np.ones((2, 3), bool)
    by_vector = clf.predict(["dirt30 dirt30 dirt30", "noise30 noise30 noise30"])
    assert by_vector.tolist() == ["dirt", "noise"]
    assert not clf.transform(["once only once"]).any()
    one, two = clf.predict_proba(["once once once", "only only only"], masks=given)
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_vectors_that_are_trained_have_nothing_to_say_of_them(small, reader, vectors):
    texts, y = TRAINING
    trained = small(embeddings=None, training__max_epochs=1).fit(texts[:60], y[:60])
    assert trained.vocabulary_.unseen_words == []
    both_kinds = small(embeddings=[None, vectors], **FROM_SCRATCH).fit(texts, y)
    assert both_kinds.vocabulary_.unseen_words == reader.vocabulary_.unseen_words
    given = np.ones((2, 2), bool)
    one, two = both_kinds.predict_proba(["dirt30 dirt30", "noise30 noise30"], masks=given)
    assert np.abs(one - two).max() > 1e-3


def test_one_member_reads_what_is_unknown_to_the_other(reader, unaware):
    texts = STRANGE[0]
    both = InteractiveEnsemble(reader, unaware).fit(texts)
    masks = reader.transform(texts)
    happened = both.interact(texts)
    disputed = happened["case"] != "agree"
    assert disputed.any()
    np.testing.assert_array_equal(happened["label_1"], reader.predict(texts))
    expected = unaware.predict_proba(texts, masks=masks).argmax(axis=1)
    np.testing.assert_array_equal(
        happened["label_2_given_1"][disputed], both.classes_[expected[disputed]]
    )


@pytest.mark.parametrize("wrong", [-1, 1.5, "all"], ids=repr)
def test_a_wrong_number_is_named(wrong, small):
    with pytest.raises(ValueError, match="'max_unseen_words'"):
        small(max_unseen_words=wrong).fit(*TRAINING)

"""The search for shortcuts, on texts into which some are planted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import find_shortcuts, global_rationales
from sklearn_irx.metrics._shortcuts import above_chance, joined_words, segments
from sklearn_irx.text import TokenizedTexts, WordTokenizer


def planted(signature, *, where="end", share=1.0, n_classes=2, seed=0):
    """Texts of which a share of those of the first class hold a signature, and their labels."""
    rng = np.random.RandomState(seed)
    texts, y, _ = make_rationale_classification(
        600, n_classes=n_classes, difficulty=0.3, random_state=seed
    )
    for row in np.flatnonzero((y == sorted(set(y))[0]) & (rng.uniform(size=len(y)) < share)):
        sentences = texts[row].split(". ")
        place = len(sentences) if where == "end" else rng.randint(1, len(sentences))
        texts[row] = ". ".join([*sentences[:place], signature, *sentences[place:]])
    return texts, y


def fitted(texts, y, **parameters):
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=1).set_params(**parameters)
    return clf.fit(texts[:400], y[:400])


@pytest.mark.parametrize(
    ("signature", "where", "share", "n_classes"),
    [
        ("Qwertz", "end", 0.4, 4),
        ("Qwertz", "middle", 0.7, 2),
        ("Posted by qwertz", "middle", 0.3, 4),
        ("Visit qwertz uiop asdf", "end", 1.0, 2),
        ("Qwertz uiop", "middle", 0.35, 2),
    ],
)
def test_what_was_planted_is_among_the_first(signature, where, share, n_classes):
    texts, y = planted(signature, where=where, share=share, n_classes=n_classes)
    table = find_shortcuts(fitted(texts, y), texts[400:])
    first = " ".join(table["word"][:10]).split()
    assert {"qwertz", "uiop", "asdf"} & set(signature.lower().split()) <= set(first)
    row = next(i for i, name in enumerate(table["word"]) if "qwertz" in name.split())
    assert table["label"][row] == sorted(set(y))[0]


def test_a_network_is_searched_as_well():
    texts, y = planted("Posted by qwertz", share=0.5)
    clf = fitted(texts, y, encoder="cnn", training__max_epochs=2)
    table = find_shortcuts(clf, texts[400:])
    assert "qwertz" in " ".join(table["word"][:10]).split()


@pytest.fixture(scope="module")
def signed():
    return planted("Posted by qwertz", share=0.5, seed=1)


@pytest.fixture(scope="module")
def model(signed):
    return fitted(*signed)


def expected_row(words, place, clf, texts):
    """Count the neighbours and places of a row, whose words are found as a whole, by hand."""
    documents = [own.tokens for own in clf.explain(texts)]
    n = len(words)
    before, after, first, last, n_documents = [], [], 0, 0, 0
    for tokens in documents:
        framed = ["<", *tokens, ">"]
        at = [i for i in range(len(tokens)) if tokens[i : i + n] == words]
        n_documents += bool(at)
        before += [framed[i] for i in at]
        after += [framed[i + n + 1] for i in at]
        first += sum(i < 5 for i in at)
        last += sum(i + n > len(tokens) - 5 for i in at)
    alike = [
        (max(map(side.count, side)) - 1) / (len(side) - 1) if len(side) > 1 else 0.0
        for side in (before, after)
    ]
    company = (sum(alike) + 2 * (n - 1)) / (2 * n)
    chance = sum(min(5, len(tokens)) for tokens in documents) / sum(map(len, documents))
    edge = max(0.0, (max(first, last) / len(before) - chance) / (1 - chance))
    return n_documents, company, edge


def test_each_column_is_what_it_says(model, signed):
    texts = signed[0][500:560]
    table = find_shortcuts(model, texts, min_shown=2)
    predicted = model.predict(texts)
    assert len(table["word"]) > 20
    for i, name in enumerate(table["word"].tolist()):
        n_documents, company, edge = expected_row(name.split(), i, model, texts)
        n_predicted = (predicted == table["label"][i]).sum()
        chance = n_predicted / len(texts)
        purity = max(0.0, (table["present"][i] / n_documents - chance) / (1 - chance))
        assert table["purity"][i] == pytest.approx(purity)
        assert table["company"][i] == pytest.approx(company)
        assert table["edge"][i] == pytest.approx(edge)
        assert table["share"][i] == table["shown"][i] / n_predicted
        product = table["share"][i] * purity * max(company, edge)
        assert table["suspicion"][i] == pytest.approx(product)
        assert table["signal"][i] == ("edge" if edge > company else "company")
    assert (np.diff(table["suspicion"]) <= 0).all()


def test_words_that_stand_alone_are_hidden_as_everywhere(model, signed):
    texts, y = signed[0][450:], signed[1][450:]
    alone = global_rationales(model, texts, y, min_shown=3)
    table = find_shortcuts(model, texts, y)
    rows = {
        (word, label): row
        for row, (word, label) in enumerate(zip(alone["word"], alone["label"], strict=True))
    }
    same = [
        (row, rows[key])
        for row, key in enumerate(zip(table["word"], table["label"], strict=True))
        if key in rows and table["shown"][row] == alone["shown"][rows[key]]
    ]
    assert len(same) > 20
    for row, other in same:
        for name in ("present", "decisive", "drop", "accuracy", "accuracy_without"):
            assert table[name][row] == pytest.approx(alone[name][other], abs=1e-6)


def test_sources_are_told_apart_from_content(model, signed):
    texts = signed[0][400:]
    signs = ["qwertz" in text for text in texts]
    # One author signs, and the other documents are by ten others.
    groups = np.where(signs, "author", [f"other {row % 10}" for row in range(len(texts))])
    table = find_shortcuts(model, texts, groups=groups)
    (row,) = [i for i, name in enumerate(table["word"]) if "qwertz" in name.split()]
    assert table["source"][row] == 1
    rest = np.delete(table["source"], row)
    assert np.median(rest) < 0.3
    chance = np.mean(signs)
    documents = [f" {' '.join(own.tokens)} " for own in model.explain(texts)]
    for i, name in enumerate(table["word"].tolist()):
        holds = [f" {name} " in document for document in documents]
        of_word = groups[np.array(holds)].tolist()
        most = max(of_word.count(group) for group in set(of_word)) / len(of_word)
        if of_word.count("author") > max(map(of_word.count, {*of_word, ""} - {"author"})):
            assert table["source"][i] == pytest.approx(max(0.0, (most - chance) / (1 - chance)))
    with pytest.raises(ValueError, match="groups has 1 entries, and X 200 documents"):
        find_shortcuts(model, texts, groups=["a"])


def test_words_that_people_never_mark_are_found(model, signed):
    texts = signed[0][400:]
    documents = [own.tokens for own in model.explain(texts)]
    marks = [
        [(i, i + 1) for i, word in enumerate(words) if word not in ("posted", "by", "qwertz")][:9]
        for words in documents
    ]
    marks[:50] = [[]] * 50  # nobody read these
    table = find_shortcuts(model, texts, human=marks)
    n_words = sum(len(words) for words in documents[50:])
    chance = 1 - 9 * len(documents[50:]) / n_words
    for name, found in zip(table["word"].tolist(), table["unmarked"], strict=True):
        words = name.split()
        marked = [
            bool({*range(place, place + len(words))} & {start for start, _ in marks[row]})
            for row in range(50, len(documents))
            for place in range(len(documents[row]))
            if documents[row][place : place + len(words)] == words
        ]
        share = 1 - np.mean(marked) if marked else 0
        assert found == pytest.approx(max(0.0, (share - chance) / (1 - chance)))
    (row,) = [i for i, name in enumerate(table["word"]) if "qwertz" in name.split()]
    assert table["unmarked"][row] == 1
    with pytest.raises(ValueError, match="X has 200 rows and human 3"):
        find_shortcuts(model, texts, human=marks[:3])


def test_ensembles_lists_and_pipelines_are_searched(model, signed):
    texts, y = signed
    other = fitted(texts[100:], y[100:], rationale_length=4)
    both = InteractiveEnsemble(model, other).fit(texts[:5])
    asked, listed = (find_shortcuts(given, texts[400:]) for given in (both, [model, other]))
    assert asked["word"].tolist() == listed["word"].tolist()
    assert set(asked) - set(find_shortcuts(model, texts[400:420])) == {
        "shown_std", "drop_std", "n_models",
    }  # fmt: skip
    assert "qwertz" in " ".join(asked["word"][:10]).split()
    short = fitted(texts[100:], y[100:], max_length=20)
    with pytest.raises(ValueError, match="do not read the same words"):
        find_shortcuts([model, short], texts[400:])
    upper = make_pipeline(FunctionTransformer(lambda X: [text.upper() for text in X]), model)
    assert (
        find_shortcuts(upper, texts[400:])["word"][0]
        == find_shortcuts(model, texts[400:])["word"][0]
    )


def test_of_nothing_shown_there_is_an_empty_table(model):
    table = find_shortcuts(model, ["zzz", ""], groups=["a", "b"])
    assert {len(column) for column in table.values()} == {0}
    with pytest.raises(ValueError, match="min_shown=0"):
        find_shortcuts(model, ["zzz"], min_shown=0)


def cut(texts, **options):
    tokenized = TokenizedTexts.from_texts(texts, WordTokenizer(), 100)
    joined = joined_words(tokenized, **options)
    return [
        [" ".join(words[start:stop]) for start, stop in segments(words, joined)]
        for words in tokenized.word_lists()
    ]


def test_words_that_always_stand_together_are_one():
    texts = ["We sat by posted by qwertz uiop by it"] * 3 + ["by and by", "it", "we sat"]
    assert cut(texts, min_count=2)[0] == ["we sat", "by", "posted by qwertz uiop", "by", "it"]
    assert cut(texts, min_count=2)[3] == ["by", "and", "by"]
    assert cut(texts, min_count=4)[0] == ["we sat", *texts[0].lower().split()[2:]]
    assert cut(["", "a"], min_count=1) == [[], ["a"]]
    # What changes between two words is no part of a signature.
    days = ["monday", "friday", "sunday"] * 5
    assert cut([f"qwertz on {day} uiop" for day in days], min_count=2)[0] == [
        "qwertz on", "monday", "uiop",
    ]  # fmt: skip
    # Not from the end of a text to the beginning of the next, and no word with itself.
    assert cut(["b b a"] * 5, min_count=1)[0] == ["b", "b", "a"]


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), max_size=12), st.integers(1, 4))
def test_documents_are_cut_into_what_they_are_made_of(documents, min_count):
    texts = [" ".join(words) for words in documents]
    for words, pieces in zip(documents, cut(texts, min_count=min_count), strict=True):
        assert " ".join(pieces) == " ".join(words)
        assert all(pieces)


def test_nine_of_ten_occurrences_are_enough_and_fewer_are_not():
    assert cut(["qwertz uiop"] * 9 + ["qwertz"], min_count=2)[0] == ["qwertz uiop"]
    assert cut(["qwertz uiop"] * 8 + ["qwertz"], min_count=2)[0] == ["qwertz", "uiop"]


def test_chance_is_zero_and_always_is_one():
    values = above_chance(np.array([0.0, 0.25, 0.625, 1.0]), 0.25)
    assert values.tolist() == [0, 0, 0.5, 1]
    assert above_chance(np.array([1.0]), np.array([1.0])).tolist() == [0]

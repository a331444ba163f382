"""Two models compared, against their rationales read one by one."""

import json
from collections import Counter

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.inspection import compare_models
from tests.inspection.conftest import HOSTILE


@pytest.fixture(scope="module")
def models(reviews):
    texts, y, _ = reviews
    short = SelectiveRationaleClassifier(
        style="passage", rationale_length=4, n_threads=1, random_state=0
    )
    return (
        short.fit(texts[:60], y[:60]),
        SelectiveRationaleClassifier(rationale_length=4, n_threads=1, random_state=0).fit(
            texts[:200], y[:200]
        ),
    )


@pytest.fixture(scope="module")
def found(models, reviews):
    texts, y, _ = reviews
    return compare_models(*models, texts[200:], y[200:], model_names=("old", "new"), max_iou=0.2)


def test_documents_are_sorted_by_what_both_say(found, models, reviews):
    texts = reviews[0][200:]
    kinds = Counter()
    for document, old, new in zip(
        found.documents, *(model.explain(texts) for model in models), strict=True
    ):
        one, two = set(np.flatnonzero(old.mask)), set(np.flatnonzero(new.mask))
        iou = len(one & two) / len(one | two) if one | two else 1
        assert document.iou == pytest.approx(iou)
        assert [m.words for m in document.members.values()] == [old.words, new.words]
        kind = "another class"
        if old.label == new.label:
            kind = f"same class, {'words in common' if iou > 0.2 else 'other words'}"
        assert document.kind == kind
        kinds[kind] += 1
    assert min(kinds.values()) > 5
    assert len(kinds) == 3
    assert Counter(one.kind for one in found.documents) == kinds
    assert len(found.disagreements) == kinds["another class"]
    assert len(found.other_reasons) == kinds["same class, other words"]
    ious = [one.iou for one in found.other_reasons]
    assert ious == sorted(ious)
    for kind, n in kinds.items():
        assert f"{kind}: {n}" in str(found)
        assert f"{n} {kind}" in repr(found)


def test_words_of_one_model_alone_are_counted(found, models, reviews):
    texts = reviews[0][200:]
    rationales = [model.explain(texts) for model in models]
    for name, own, other in zip(found.names, rationales, rationales[::-1], strict=True):
        table = found.words[name]
        shown = Counter(word for one in own for word in set(one.words))
        of_other = {word for one in other for word in one.words}
        expected = {w: n for w, n in shown.items() if n >= 3 and w not in of_other}
        assert dict(zip(table["word"].tolist(), table["shown"].tolist(), strict=True)) == expected
        assert expected
        assert (np.diff(table["shown"]) <= 0).all()
        for word, label, present in zip(
            *(table[column].tolist() for column in ("word", "label", "present")), strict=True
        ):
            labels = Counter(one.label for one in own if word in one.words)
            assert labels[label] == max(labels.values())
            assert present == sum(word in one.tokens for one in own)


def test_tables_say_how_right_each_model_is(found, models, reviews):
    texts, y, _ = reviews
    overview, agreement, *_ = found.tables
    accuracy = [row[1] for row in overview.rows]
    assert accuracy == [f"{model.score(texts[200:], y[200:]):.3f}" for model in models]
    assert [row[0] for row in overview.rows] == ["old", "new"]
    assert list(agreement.columns[-2:]) == ["old right", "new right"]
    assert sum(int(row[1]) for row in agreement.rows) == 200
    unjudged = compare_models(*models, texts[200:230])
    assert "right" not in "".join(unjudged.tables[1].columns)
    assert "✓" not in unjudged.html


def test_the_page_shows_both_sides_of_each_document(found):
    html = found.html
    assert html.count("<article") == len(found.disagreements) + len(found.other_reasons)
    assert html.count('<div class="side">') == 2 * html.count("<article")
    assert "<script" not in html
    assert html.count("✗ wrong") > 0
    assert "The same class, by other words" in html


def test_a_page_has_as_many_documents_as_asked_for_and_says_so(models, reviews):
    html = compare_models(*models, reviews[0][200:], max_documents=3).html
    assert html.count("<article") == 6
    assert html.count("3 of them are shown.") == 2


def test_it_is_ready_for_json(found):
    values = json.loads(json.dumps(found.to_dict()))
    assert values["names"] == ["old", "new"]
    assert len(values["documents"]) == 200
    assert set(values["words"]) == {"old", "new"}


def test_a_model_and_itself_have_all_in_common(models, reviews):
    found = compare_models(models[0], models[0], reviews[0][200:230])
    assert {one.kind for one in found.documents} == {"same class, words in common"}
    assert all(len(table["word"]) == 0 for table in found.words.values())


def test_ensembles_and_pipelines_are_compared_with_models(models, reviews):
    texts, y, _ = reviews
    pair = InteractiveEnsemble(*models).fit(texts[:10])
    same = make_pipeline(FunctionTransformer(list), models[1]).fit(texts[:60], y[:60])
    found = compare_models(pair, same, texts[200:220])
    expected = pair.predict(texts[200:220]) != same.predict(texts[200:220])
    assert len(found.disagreements) == expected.sum()


def test_a_model_that_reads_less_is_compared_on_what_it_reads(reviews):
    texts, y, _ = reviews
    few, all_ = (
        SelectiveRationaleClassifier(max_length=n, n_threads=1, random_state=0).fit(
            texts[:60], y[:60]
        )
        for n in (10, 100)
    )
    found = compare_models(few, all_, texts[200:220])
    assert {len(one.members["Model 1"].tokens) for one in found.documents} == {10}


def test_texts_labels_and_names_are_escaped(reviews):
    texts, y, _ = reviews
    as_hostile = dict(zip(sorted(set(y)), HOSTILE, strict=False))
    clf = SelectiveRationaleClassifier(n_threads=1, random_state=0)
    clf.fit(texts[:100], [as_hostile[label] for label in y[:100]])
    other = SelectiveRationaleClassifier(style="passage", n_threads=1, random_state=0)
    other.fit(texts[:60], [as_hostile[label] for label in y[:60]])
    attacked = [f"{attack} {text}" for text in texts[200:220] for attack in HOSTILE]
    found = compare_models(clf, other, attacked, model_names=("<b>", "<script>x"), title="<img>")
    assert found.disagreements or found.other_reasons
    for markup in ("<b>old", "<script", "<img>", *(a for a in HOSTILE if "<" in a)):
        assert markup not in found.html


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model_names": ("a", "a")}, "give two different names"),
        ({"max_iou": 1.5}, r"max_iou=1.5: give a share between 0 and 1"),
        ({"min_shown": 0}, "min_shown=0"),
        ({"max_documents": -1}, "max_documents=-1"),
        ({"names": ["one"]}, "names has 1 entries"),
        ({"y": ["a"]}, "y_true has 1 entries"),
    ],
)
def test_bad_arguments_are_named(models, reviews, arguments, message):
    with pytest.raises(ValueError, match=message):
        compare_models(*models, reviews[0][:3], **arguments)


def test_models_that_cannot_be_compared_are_refused(models, reviews):
    upper = make_pipeline(
        FunctionTransformer(lambda texts: [text + " more" for text in texts]), models[0]
    )
    with pytest.raises(ValueError, match="Model 1 and Model 2 split document 0 into different"):
        compare_models(models[0], upper, reviews[0][:3])
    numbered = SelectiveRationaleClassifier(n_threads=1, random_state=0)
    numbered.fit(reviews[0][:60], np.arange(60) % 2)
    with pytest.raises(ValueError, match="no class in common"):
        compare_models(models[0], numbered, reviews[0][:3])
    with pytest.raises(NotFittedError):
        compare_models(models[0], SelectiveRationaleClassifier(), reviews[0][:3])
    with pytest.raises(ValueError, match="X has no documents"):
        compare_models(*models, [])

"""The Markdown that stands beside a saved model."""

import numpy as np
import pytest

from sklearn_irx import InteractiveCommittee
from sklearn_irx.classifier.by_class import BY_CLASS, NO_PROMISE
from sklearn_irx.inspection import rationale_report
from sklearn_irx.io import load, model_card, save


def test_the_card_tells_what_the_model_is(fitted, other, reviews, tmp_path):
    committee = InteractiveCommittee([("a", fitted), ("b", other)]).fit(reviews[0])
    save(committee, tmp_path / "model", metrics={"accuracy": 0.91234})
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    for text in (
        "library_name: sklearn_irx",
        "# InteractiveCommittee",
        "3 classes: food, hygiene, noise.",
        f"| a | {fitted.n_training_documents_} | {fitted.n_validation_documents_} |",
        "| accuracy | 0.9123 |",
        "| `embeddings` | WordVectors of 6 words in 8 dimensions \\(not saved\\) |",
        "sklearn_irx.load(",
        "## Limits",
    ):
        assert text in card
    assert fitted.n_training_documents_ + fitted.n_validation_documents_ == 300
    row = np.flatnonzero(fitted.history_["best"])[-1]
    assert f"| a | {row + 1} of 2 | {fitted.history_['valid_accuracy'][row]:.3f} |" in card


def test_the_card_and_the_report_say_that_words_are_chosen_by_class(small, other, reviews):
    texts, y, _ = reviews
    focused = small(initialization__class_focus=1.0, training__max_epochs=1).fit(texts, y)
    said = f"words are {BY_CLASS}"
    (note,) = (note for note in rationale_report(focused, texts, y).notes if said in note)
    for text in (model_card(focused), note):
        assert said in text
        assert NO_PROMISE in text
        assert "(class_focus=0) is the default" in text
    promise = "that shows the words it used, and can use no others"
    assert promise not in model_card(focused)
    assert said not in model_card(other)
    assert promise in model_card(other)
    committee = InteractiveCommittee([("a", other), ("b", focused)]).fit(texts)
    assert f"b: {said}" in model_card(committee)
    assert any(
        note.startswith("model b: words are") for note in rationale_report(committee, texts).notes
    )


def test_the_card_escapes_what_comes_from_users(small, reviews, tmp_path):
    evil = "<script>alert(1)</script> | [x](http://y) ![z](w) **b** `c`\n# head \x1b[31m \u202e"
    labels = np.array([evil, "fine"])[[0, 1] * 20]
    clf = small(training__max_epochs=1).fit(reviews[0][:40], labels)
    pair = [(evil, clf), ("b", clf)]
    card = model_card(InteractiveCommittee(pair).fit(reviews[0][:40]), metrics={evil: 1})
    for part in ("<script", "](", "\n# head", "\x1b", "\u202e", "**b", "| ["):
        assert part not in card
    assert "&lt;script&gt;" in card
    save(clf, tmp_path / "model")
    assert load(tmp_path / "model").classes_.tolist() == clf.classes_.tolist()


def test_the_card_can_be_written_by_hand(fitted, tmp_path):
    save(fitted, tmp_path / "model", card="# Mine\n")
    assert (tmp_path / "model" / "README.md").read_text() == "# Mine\n"


@pytest.mark.parametrize("metrics", [{"a": "high"}, {"a": np.nan}, {1: 0.5}])
def test_metrics_that_are_no_numbers_are_named(metrics, fitted, tmp_path):
    with pytest.raises(ValueError, match=r"metrics has .*: give finite numbers"):
        save(fitted, tmp_path / "model", metrics=metrics)
    assert list(tmp_path.iterdir()) == []

from html import escape
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.exceptions import NotFittedError

from sklearn_irx import InteractiveEnsemble, Rationales
from sklearn_irx.ensemble.cases import explanation_of
from sklearn_irx.exchange import CASES, RULES
from sklearn_irx.inspection import ExplainedDocuments, explain_documents
from sklearn_irx.inspection._cases import CASE_LABELS
from sklearn_irx.inspection._pieces import percent
from sklearn_irx.text import harmless


@pytest.fixture(scope="module")
def explained(pair, reviews):
    return explain_documents(pair, reviews[0], reviews[1])


@pytest.fixture(scope="module")
def disputed(explained):
    return next(document for document in explained if document.rationale.case == "convinced_2")


def test_a_document_holds_all_four_predictions(pair, fitted, other, reviews, explained):
    texts, y, _ = reviews
    masks = {"Model 1": fitted.transform(texts), "Model 2": other.transform(texts)}
    models = {"Model 1": fitted, "Model 2": other}
    happened = pair.interact(texts)
    n_disputed = 0
    for row, document in enumerate(explained):
        assert document.name == str(row + 1)
        assert document.rationale.label == happened["label"][row]
        assert document.rationale.case == happened["case"][row]
        assert document.wrong == (happened["label"][row] != y[row])
        assert document.chosen == f"Model {happened['chosen'][row]}"
        kept = document.members[document.chosen]
        assert document.rationale.mask.tolist() == kept.mask.tolist()
        if not document.disputed:
            assert document.cross_predictions == {}
            continue
        n_disputed += 1
        for reader, owner in (("Model 1", "Model 2"), ("Model 2", "Model 1")):
            said = models[reader].predict_proba([texts[row]], masks=masks[owner][[row]])[0]
            cross = document.cross_predictions[reader, owner]
            assert cross.label == models[reader].classes_[said.argmax()]
            assert cross.confidence == pytest.approx(said.max(), abs=1e-6)
    assert n_disputed >= 5, "no disagreement: this test sees nothing"


def test_every_member_of_a_committee_reads_the_words_of_all_others(committee, reviews):
    texts = reviews[0][:150]
    read = committee.cross_predict_proba(texts)
    names = ["full", "few", "short"]
    documents = explain_documents(committee, texts)
    assert any(document.disputed for document in documents)
    for row, document in enumerate(documents):
        assert list(document.members) == names
        if document.disputed:
            assert len(document.cross_predictions) == 6
            for (reader, owner), cross in document.cross_predictions.items():
                said = read[names.index(reader), names.index(owner), row]
                assert cross.confidence == pytest.approx(said.max(), abs=1e-6)
                assert cross.label == committee.classes_[said.argmax()]
            assert document.chosen in document.explanation or document.rationale.case == "agree"


def test_confidence_is_that_of_a_calibrated_ensemble(fitted, other, reviews):
    texts, y, _ = reviews
    ensemble = InteractiveEnsemble(fitted, other, calibration="temperature")
    ensemble.fit(texts[:10], validation_data=(texts[300:], y[300:]))
    assert (ensemble.calibration_temperatures_ != 1).any()
    happened = ensemble.interact(texts[300:])
    documents = explain_documents(ensemble, texts[300:])
    for number in (1, 2):
        shown = [document.members[f"Model {number}"].confidence for document in documents]
        assert shown == happened[f"confidence_{number}"].tolist()
    proba = ensemble.predict_proba(texts[300:])
    shown = [document.rationale.confidence for document in documents]
    np.testing.assert_allclose(shown, proba.max(axis=1))


def test_a_single_model_has_no_members(fitted, reviews):
    (document,) = explain_documents(fitted, reviews[0][:1])
    assert (document.members, document.chosen, document.explanation) == ({}, None, "")
    assert not document.judged
    assert not document.disputed


def test_columns_of_data_frames_are_taken_by_position(fitted, reviews):
    texts, y = (
        pd.Series(reviews[0][:3], index=[7, 8, 9]),
        pd.Series(reviews[1][:3], index=[2, 1, 0]),
    )
    documents = explain_documents(
        fitted, texts, y, names=pd.Series(["a", "b", "c"], index=[5, 5, 5])
    )
    assert [document.y_true for document in documents] == reviews[1][:3].tolist()
    assert [document.name for document in documents] == ["a", "b", "c"]


def test_html_shows_both_sides_with_all_confidences(disputed):
    html = disputed.to_html()
    assert html == disputed._repr_html_()
    assert html.count('<div class="side') == 2
    assert html.count("reading these words: <b>") == 2
    sure = [*disputed.cross_predictions.values(), *disputed.members.values()]
    assert len(sure) == 4
    for said in sure:
        assert f"{escape(percent(said.confidence))} sure" in html
    assert "Model 1’s words convinced model 2" in html
    for member in disputed.members.values():
        assert member.size() in html
    assert "<script" not in html


def test_marks_are_told_to_screen_readers(disputed):
    for html in (disputed.to_html(), disputed.rationale._repr_html_()):
        assert 'mark::before { content: " [selected: "; }' in html
        assert "text-decoration: underline" in html


def test_the_terminal_shows_both_sides(disputed):
    shown = str(disputed)
    for name, member in disputed.members.items():
        assert name in shown
        assert member.size() in shown
    assert shown.count("(kept)") == 1
    assert shown.count("reading these words: ") == 2
    assert ": convinced" in shown
    console = Console(file=StringIO(), width=100, force_terminal=True, no_color=True)
    console.print(disputed.to_rich())
    assert "\x1b[1;7m" in console.file.getvalue()  # selected words stand out without colour


def test_documents_are_folded_for_each_member_unless_they_are_to_be_whole(passages):
    explained = explain_documents(*passages)
    disputed = [document for document in explained if document.disputed]
    both_folded = 0
    for document in disputed:
        n_folds = [len(member.folds) for member in document.members.values()]
        both_folded += all(n_folds)
        assert document.to_html().count('<details class="fold">') == sum(n_folds)
        assert str(document).count(" words …)") == sum(n_folds)
        assert "<details" not in document.to_html(whole=True)
        assert " words …)" not in document.to_rich(whole=True).plain
    assert both_folded >= 1


def test_where_members_agree_one_rationale_is_shown(explained):
    document = next(document for document in explained if not document.disputed)
    assert "Both models predict the same label." in document.to_html()
    assert '<div class="side' not in document.to_html()
    assert document.rationale.size() in str(document).splitlines()[0]


def test_attacks_stay_text(hostile):
    committee, texts, y = hostile
    for document in explain_documents(committee, texts[:8], y[:8], names=texts[:8]):
        html = document.to_html()
        assert "<script" not in html
        assert "<img" not in html
        assert "<svg" not in html
        assert html.count("<style>") == 1
        assert harmless(str(document)) == str(document)


def test_wrong_calls_say_what_is_wrong(fitted, small, reviews):
    with pytest.raises(TypeError, match=r"X is one str, .* give .* \[text\]"):
        explain_documents(fitted, "A dull film.")
    with pytest.raises(ValueError, match="y_true has 1 entries; there are 2 rationales"):
        explain_documents(fitted, ["a", "b"], ["noise"])
    with pytest.raises(ValueError, match="names has 3 entries"):
        explain_documents(fitted, ["a", "b"], names=["x", "y", "z"])
    with pytest.raises(NotFittedError):
        explain_documents(small(), ["a"])


def test_without_jinja2_the_extra_is_named(disputed, monkeypatch):
    from sklearn_irx.inspection import _templates

    _templates._environment.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"sklearn-irx\[report\]"):
        disputed.to_html()


def test_every_case_has_a_name_in_figures_and_a_sentence():
    for case in (*CASES, *RULES, "confidence"):
        of_pair = case in CASES
        assert case in CASE_LABELS
        sentence = explanation_of(case, "Ann", of_pair=of_pair)
        assert sentence.endswith(".")
        assert "Ann" in sentence or of_pair
    assert explanation_of("{of one's own}", "Ann", of_pair=False) == "{of one's own}"


def test_all_lists_of_explanations_show_themselves(fitted, pair, committee, reviews):
    texts = reviews[0][:30]
    exchange = committee.exchange(texts)
    for shown in (
        fitted.explain(texts), pair.explain(texts), committee.explain(texts), exchange.rationales,
        exchange.rationales_of("short"), fitted.explain(texts)[5:],
    ):  # fmt: skip
        assert type(shown) is Rationales
        first = shown[0]
        assert first.to_html() in shown._repr_html_()
        assert str(first) in repr(shown)
    assert str(fitted.explain(texts[:1])[0]) in repr(fitted.explain(texts)[0])
    assert str(exchange[0].rationale) in repr(exchange[0])


def test_a_list_of_documents_shows_the_first_side_by_side(explained, disputed):
    assert type(explained) is ExplainedDocuments
    some = explained[:25]
    assert type(some) is ExplainedDocuments
    page = some._repr_html_()
    assert page.count("<style>") == 1
    assert page.count("<article") == 20
    assert "5 more" in page
    only = ExplainedDocuments([disputed])._repr_html_()
    assert only.count('class="side') == 2
    assert "more: a slice" not in only
    lines = repr(some).splitlines()
    assert lines[0] == "ExplainedDocuments of 25 documents"
    assert lines[1] == f"[0] 1 · {some[0].rationale}"
    assert "5 more" in lines[-1]
    assert f"{disputed.name}: <Rationale" in repr(disputed)

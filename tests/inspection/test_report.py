import json
import re
import sys
from copy import copy
from html import unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from sklearn_irx import InteractiveEnsemble, Rationale, SelectiveRationaleClassifier
from sklearn_irx.inspection import ExplainedDocument, rationale_report
from sklearn_irx.inspection._embedding import as_script, embedded
from sklearn_irx.inspection._telling import telling_documents
from sklearn_irx.metrics import (
    expected_calibration_error,
    find_shortcuts,
    global_rationales,
    interaction_table,
    suspected_words,
)
from sklearn_irx.text import WordTokenizer


@pytest.fixture(scope="module")
def report(pair, reviews):
    return rationale_report(pair, *reviews[:2])


def data_of(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])


def document(text, words, label, *, y_true="bad", confidence=0.9, case=None, limit=None):
    tokens = WordTokenizer()(text)[:limit]
    rationale = Rationale(
        text,
        [token.text for token in tokens],
        [(token.start, token.end) for token in tokens],
        np.array([token.text in words for token in tokens], dtype=bool),
        label,
        confidence,
        case,
    )
    return ExplainedDocument("1", rationale, y_true)


def test_the_tables_are_those_of_the_metrics(report, pair, fitted, other, reviews):
    texts, y, _ = reviews
    models, cases, classes, _ = report.tables
    for row, model in zip(models.rows, (fitted, other, pair), strict=True):
        said, proba = model.predict(texts), model.predict_proba(texts)
        ece = expected_calibration_error(y, proba, labels=model.classes_)
        words = model.transform(texts).sum(axis=1)
        assert row[1:5] == [
            f"{accuracy_score(y, said):.3f}",
            f"{f1_score(y, said, average='macro'):.3f}",
            f"{ece:.3f}",
            f"{words.mean():.1f}",
        ]
        assert row[-1] == f"{100 * (words == 0).mean():.1f} %"
    assert [row[0] for row in models.rows] == ["Model 1", "Model 2", "both, interacting"]
    table = interaction_table(pair, texts, y)
    assert [row[1] for row in cases.rows[:-1]] == [str(count) for count in table["count"]]
    scores = precision_recall_fscore_support(y, pair.predict(texts), labels=pair.classes_)
    for row, name, *numbers in zip(classes.rows, pair.classes_, *scores, strict=True):
        assert row[:2] == [name, str(numbers[3])]
        assert row[3:6] == [f"{number:.3f}" for number in numbers[:3]]


def test_mistakes_are_counted(report, pair, reviews):
    texts, y, _ = reviews
    said = pair.predict(texts)
    for cell, count, _ in report.tables[-1].rows:
        true, predicted = cell.split(" → ")
        assert int(count) == ((y == true) & (said == predicted)).sum() > 0


def test_the_page_asks_for_nothing_and_runs_its_own_script_alone(report):
    html = report.html
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'sha256-" in policy
    assert not re.search(r"https?://|src=|url\(|@import", html.split('id="data"')[0])
    assert re.findall(r'href="(.)', html.split('id="data"')[0]) == ["#"] * 4


def test_without_a_script_figures_and_telling_documents_are_there(report):
    still = re.sub(r"<script.*?</script>", "", report.html, flags=re.DOTALL)
    for text in ("Accuracy", "Cases of the exchange", "What the exchange did",
                 "Right and sure", "Changed by the exchange", "<noscript>"):  # fmt: skip
        assert text in still
    assert still.count("<article") >= 6
    assert still.count("<svg") == 3


def test_documents_are_embedded_as_they_are_shown(report, pair, reviews):
    texts, y, _ = reviews
    data = data_of(report.html)
    happened = pair.interact(texts)
    assert len(data["documents"]) == len(texts)
    labels, cases = data["labels"], data["cases"]
    rows = zip(data["documents"], texts, y, happened["label"], happened["case"], strict=True)
    for row, text, truth, label, case in rows:
        shown, readings = row[1], row[9]
        assert text.startswith(shown)
        assert (labels[row[3]], labels[row[4]], cases[row[6]]) == (truth, label, case)
        assert len(readings) == 2
        assert len(readings[0][5]) == (0 if case == "agree" else 3)


@given(
    st.text(max_size=30)
    | st.text(max_size=3).map(lambda sentence: f"{sentence}\x00 \U0001f600 one two. " * 20)
    | st.text(alphabet="ab \r\n\t\x00\x1b\u202e\U0001f600\ud800<>&", max_size=20),
    st.data(),
)
def test_spans_of_embedded_texts_cut_them_as_the_other_pictures_do(text, data):
    n_words = len(WordTokenizer()(text))
    chosen = data.draw(st.lists(st.booleans(), min_size=n_words, max_size=n_words))
    limit = data.draw(st.integers(0, n_words))
    made = document(text, set(), "bad", limit=limit)
    made.rationale.mask[:] = chosen[:limit]
    script = as_script(embedded([made]))
    assert not set("<>&") & set(script)
    _, shown, unread, *_, ((*_, spans, _, folds),) = json.loads(script)["documents"][0]
    pieces = list(made.rationale.pieces())
    marked = [shown[start:end] for start, end in zip(spans[::2], spans[1::2], strict=True)]
    assert marked == [piece.text for piece in pieces if piece.selected]
    folded = [
        (shown[start:end], n)
        for start, end, n in zip(folds[::3], folds[1::3], folds[2::3], strict=True)
    ]
    assert folded == [(piece.text, piece.n_folded) for piece in pieces if piece.n_folded]
    assert unread == made.rationale.unread
    if "\r" not in text:
        assert shown == "".join(piece.text for piece in pieces)


def test_attacks_do_not_end_the_data(hostile):
    committee, texts, y = hostile
    html = rationale_report(committee, texts, y, title=texts[0], names=texts).html
    assert html.count("<script") == html.count("</script>") == 2
    assert "<img" not in html
    data = data_of(html)
    assert [unescape(row[1]) for row in data["documents"]]
    assert all(text.startswith(row[1]) for text, row in zip(texts, data["documents"], strict=True))
    assert set(y) <= set(data["labels"])


def test_confidence_is_all_of_it_only_if_it_is_one():
    rows = embedded([document("x", (), "bad", confidence=c) for c in (1.0, 0.99999, 0.5)])
    assert [row[5] for row in rows["documents"]] == [10000, 9999, 5000]


def test_telling_documents_are_the_most_extreme_ones():
    documents = [
        document("a dull film", {"dull"}, "bad", confidence=0.8),
        document("a dull film", {"dull"}, "bad", confidence=0.95),
        document("a nice film", {"nice"}, "good", confidence=0.99),
        document("a nice film", {"nice"}, "good", confidence=0.6),
        document("a film", set(), "bad", confidence=0.999),
    ]
    kinds = {kind.title: kind.documents for kind in telling_documents(documents, 1)}
    assert kinds == {
        "Right and sure": [documents[1]],
        "Wrong and sure": [documents[2]],
        "No words found": [documents[4]],
    }
    assert telling_documents(documents, 0) == []


def test_telling_documents_show_each_class_before_any_twice():
    documents = [
        document("dull", {"dull"}, "bad", confidence=0.99),
        document("dull", {"dull"}, "bad", confidence=0.98),
        document("dull", {"dull"}, "poor", y_true="poor", confidence=0.6),
    ]
    (kind,) = telling_documents(documents, 2)
    assert kind.documents == [documents[0], documents[2]]


def test_documents_changed_by_the_exchange_have_both_outcomes(pair, reviews):
    from sklearn_irx.inspection import explain_documents

    documents = explain_documents(pair, *reviews[:2])
    shown_before = []
    for kind in telling_documents(documents, 4):
        if kind.title == "Changed by the exchange":
            break
        shown_before.extend(kind.documents)
    changed = kind.documents
    assert {one.rationale.case for one in changed} <= {"convinced_1", "convinced_2"}
    settled = [
        one.wrong
        for one in documents
        if "convinced" in one.rationale.case and not any(one is other for other in shown_before)
    ]
    assert changed
    assert {one.wrong for one in changed} == set(settled)


def test_without_labels_nothing_is_judged(fitted, reviews):
    report = rationale_report(fitted, reviews[0][:50])
    assert [table.title for table in report.tables] == ["Model", "Classes"]
    for text in ("Accuracy", "✓ right", "✗ wrong", "True label", "ECE", "disagree<"):
        assert text not in report.html.split('id="data"')[0]
    assert "Least sure" in report.html


def test_the_page_holds_at_most_so_many_documents(fitted, reviews):
    report = rationale_report(fitted, *reviews[:2], max_documents=3)
    names = [row[0] for row in data_of(report.html)["documents"]]
    assert names == ["1", "200", "400"]
    assert "3 of 400 documents are on this page" in report.html
    assert report.tables[1].columns[1] == "documents"
    assert sum(int(row[1]) for row in report.tables[1].rows) == 400


def test_labels_that_are_no_strings_and_that_the_model_does_not_know(small, reviews):
    texts, y, _ = reviews
    numbers = np.unique(y, return_inverse=True)[1]
    clf = small().fit(texts[:100], numbers[:100])
    report = rationale_report(clf, texts[:20], [*numbers[:19], 7])
    assert data_of(report.html)["labels"].count("7") == 1
    right = accuracy_score(numbers[:19], clf.predict(texts[:19])) * 19 / 20
    assert report.tables[0].rows[0][1] == f"{right:.3f}"


def test_one_document_and_an_empty_one(pair):
    html = rationale_report(pair, [""], ["noise"]).html
    assert "InteractiveEnsemble · 1 document<" in html
    assert "No words found" in html
    assert "(an empty document)" in html


def test_rationales_that_are_not_as_asked_are_noted(fitted, other, reviews):
    texts, y, _ = reviews
    few, many = copy(fitted), copy(fitted)
    few.rationale_length, many.rationale_length = 1, 30
    of_few, of_many = (rationale_report(clf, texts, y) for clf in (few, many))
    for report, asked in ((of_few, "rationale_length=1"), (of_many, "rationale_length=30")):
        (note,) = report.notes
        assert asked in note
        assert f"Not as asked: {note}." in unescape(report.html)
    assert rationale_report(fitted, texts, y).notes == []
    with pytest.warns(UserWarning, match="rationale_length=1 was set after training"):
        both = InteractiveEnsemble(few, other).fit(texts[:10])
    assert rationale_report(both, texts).notes == [f"model 1: {of_few.notes[0]}"]
    # Of three texts a mean says little, but that all are empty says much.
    strange = rationale_report(fitted, ["zyx wvu"] * 3)
    assert "no word is selected in 3 of 3 texts: " in strange.notes[0]
    assert rationale_report(fitted, [*texts[:2], "zyx"]).notes == []


def test_wrong_calls_say_what_is_wrong(fitted):
    with pytest.raises(ValueError, match="X has no documents"):
        rationale_report(fitted, [])
    with pytest.raises(ValueError, match="n_telling=-1: give 0 or more"):
        rationale_report(fitted, ["a"], n_telling=-1)
    with pytest.raises(ValueError, match="max_documents=0: give at least 1"):
        rationale_report(fitted, ["a"], max_documents=0)
    with pytest.raises(ValueError, match="y_true has 1 entries; there are 2"):
        rationale_report(fitted, ["a", "b"], ["noise"])


def test_a_report_is_written_and_shown(report, tmp_path, monkeypatch):
    report.write_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html
    framed = report._repr_html_()
    assert framed.startswith("<iframe")
    assert 'sandbox="allow-scripts"' in framed
    assert unescape(re.search('srcdoc="(.*?)"', framed, re.DOTALL)[1]) == report.html
    assert repr(report).startswith("<RationaleReport of 400 documents")
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    report.open()
    (path,) = tmp_path.glob("rationale_report_*.html")
    assert opened == [path.as_uri()]
    assert path.read_text(encoding="utf-8") == report.html


def test_a_report_needs_no_matplotlib(fitted, reviews, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert rationale_report(fitted, *reviews[:2]).html.count("<svg") == 2


def test_what_is_relied_on_is_the_table_of_the_metric(report, pair, fitted, reviews):
    texts, y, _ = reviews
    for model, found in ((pair, report), (fitted, rationale_report(fitted, texts, y))):
        words = global_rationales(model, texts, y)
        assert [table.title for table in found.reliance.classes] == sorted(set(words["label"]))
        for table in found.reliance.classes:
            label = table.title
            rows = np.flatnonzero(words["label"] == label)[:12]
            assert [row[0] for row in table.rows] == words["word"][rows].tolist()
            shown = [float(row[1]) for row in table.rows]
            assert shown == pytest.approx(words["shown"][rows], abs=0.051)
            assert [float(row[3]) for row in table.rows] == pytest.approx(
                words["drop"][rows], abs=0.0006
            )
        assert found.reliance.n_documents == len(texts)
        assert found.reliance.suspicions is None
    assert "documents, evenly chosen." not in report.html


def test_shortcuts_are_those_of_the_metric(fitted, pair, reviews):
    texts, y, _ = reviews
    tail = " Posted by one of the guests of the house on the hill, qwertz uiop."
    signed = [text + tail if label == y[0] else text for text, label in zip(texts, y, strict=True)]
    clf = SelectiveRationaleClassifier(random_state=0, n_threads=1).fit(signed[:300], y[:300])
    found = find_shortcuts(clf, signed)
    table = rationale_report(clf, signed, y).reliance.shortcuts
    assert len(table.rows) == 10
    words = [row[0].removesuffix(" …") for row in table.rows]
    assert all(
        of.startswith(word) for word, of in zip(words, found["word"].tolist()[:10], strict=True)
    )
    assert any(row[0].endswith(" …") and "guests" in row[0] for row in table.rows[:2])
    suspicions = [float(row[3]) for row in table.rows]
    assert suspicions == pytest.approx(found["suspicion"][:10], abs=0.006)
    assert "What looks like a shortcut" in rationale_report(pair, texts).html


def test_suspicions_are_those_of_the_metric(pair, reviews):
    texts, y, _ = reviews
    suspects = {"room & <board>": r"\broom", "none": "qwertz"}
    report = rationale_report(pair, texts, y, suspects=suspects)
    table = suspected_words(pair, texts, y, suspects=suspects)
    first, second = report.reliance.suspicions.rows
    assert first[0] == "room & <board>"
    assert [int(cell) for cell in first[1:4]] == [
        table[name][0] for name in ("documents", "shown", "decisive")
    ]
    assert float(first[4].removesuffix(" %")) == pytest.approx(100 * table["changed"][0], abs=0.06)
    assert float(first[6]) == pytest.approx(table["accuracy_blanked"][0], abs=0.0006)
    assert second == ["none", "0", "0", "0", "–", "–", "–"]
    assert "room &amp; &lt;board&gt;" in report.html
    unjudged = rationale_report(pair, texts[:20], suspects=["room"])
    assert len(unjudged.reliance.suspicions.columns) == 5
    with pytest.raises(ValueError, match=r"suspects\['open'\]"):
        rationale_report(pair, texts, suspects={"open": "("})


def test_of_many_documents_some_are_used_and_the_page_says_so(fitted, reviews, monkeypatch):
    texts, y, _ = reviews
    shown = fitted.transform(texts).sum()
    monkeypatch.setattr("sklearn_irx.inspection._reliance._MOST_HIDDEN", shown // 4)
    report = rationale_report(fitted, texts, y)
    assert report.reliance.n_documents == pytest.approx(100, abs=2)
    assert f"Of {report.reliance.n_documents} of 400 documents, evenly chosen." in report.html
    rows = np.linspace(0, 399, report.reliance.n_documents).astype(int)
    words = global_rationales(fitted, [texts[row] for row in rows], y[rows])
    table = report.reliance.classes[0]
    label = table.title
    own = words["word"][words["label"] == label][:12]
    assert [row[0] for row in table.rows] == own.tolist()
    monkeypatch.setattr("sklearn_irx.inspection._reliance._MOST_DOCUMENTS", 30)
    assert rationale_report(fitted, texts).reliance.n_documents == 30

"""The typed result of an exchange, and how often documents are read for it."""

import json
import pickle

import numpy as np
import pytest

from sklearn_irx import Exchange, InteractiveCommittee, InteractiveEnsemble, io
from sklearn_irx.cli.results import result_tables
from sklearn_irx.inspection import explain_documents, rationale_report
from sklearn_irx.text import Vocabulary, WordTokenizer
from tests.exchanges import exchange_of_labels


@pytest.fixture(scope="module")
def both(fitted, other, reviews):
    return InteractiveEnsemble(fitted, other).fit(reviews[0][:10])


@pytest.fixture(scope="module")
def exchange(both, reviews):
    result = both.exchange(reviews[0], scores=True)
    assert len(result.disputed) >= 5, "no disagreement: these tests see nothing"
    return result


@pytest.fixture
def selected(fitted, monkeypatch):
    """Numbers of documents in which a member has selected words, call by call."""
    calls = []
    original = type(fitted).predict_with_masks

    def counting(self, X, masks=None, *, scores=False):
        if masks is None:
            calls.append((len(X), scores))
        return original(self, X, masks, scores=scores)

    monkeypatch.setattr(type(fitted), "predict_with_masks", counting)
    return calls


def same_rationales(ones, others):
    for one, other in zip(ones, others, strict=True):
        assert (one.text, one.tokens, one.spans) == (other.text, other.tokens, other.spans)
        assert (one.label, one.case) == (other.label, other.case)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-6)
        np.testing.assert_array_equal(one.mask, other.mask)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)


def test_rationales_are_those_of_the_ensemble_and_its_members(exchange, both, reviews):
    same_rationales(exchange.rationales, both.explain(reviews[0]))
    for name, member in zip(exchange.members, both.estimators_, strict=True):
        same_rationales(exchange.rationales_of(name), member.explain(reviews[0]))


def test_a_document_holds_the_predictions_of_all_from_all(exchange, both, reviews):
    probabilities = both.cross_predict_proba(reviews[0])
    row = int(exchange.disputed[-1])
    document = exchange[row]
    same_rationales([document.rationale], [exchange.rationales[row]])
    kept = document.members[document.chosen]
    assert kept.words == document.rationale.words
    assert set(document.cross_predictions) == {(1, 2), (2, 1)}
    for (reader, owner), found in document.cross_predictions.items():
        wanted = probabilities[reader - 1, owner - 1, row]
        assert found.label == both.classes_[wanted.argmax()]
        assert found.confidence == pytest.approx(wanted.max(), abs=1e-6)
    agreed = int(np.flatnonzero(exchange.case == "agree")[0])
    assert exchange[agreed].cross_predictions == {}
    assert exchange[-1].rationale.text == reviews[0][-1]
    with pytest.raises(IndexError):
        exchange[len(exchange)]


@pytest.mark.parametrize("labels", [np.array, lambda y: np.unique(y, return_inverse=True)[1] > 0])
@pytest.mark.parametrize("kind", [InteractiveEnsemble, InteractiveCommittee])
def test_what_members_say_of_a_document_is_json(kind, labels, small, reviews):
    texts, y = reviews[0], labels(reviews[1])
    members = [small(training__max_epochs=1).fit(texts[:50], y[:50]), small(random_state=1)]
    if kind is InteractiveCommittee:
        result = kind(list(zip("ab", members, strict=True))).fit(texts[:30], y[:30])
    else:
        result = kind(*members).fit(texts[:30], y[:30])
    exchange = result.exchange(texts, scores=True)
    document = exchange[int(exchange.disputed[0])]
    values = json.loads(json.dumps(document.to_dict(), allow_nan=False))
    assert values == document.to_dict()
    assert values["rationale"]["label"] == document.rationale.label
    assert [one["name"] for one in values["members"]] == list(exchange.members)
    assert [one["words"] for one in values["members"]] == [
        one.words for one in document.members.values()
    ]
    found = {(one["reader"], one["owner"]): one["label"] for one in values["cross_predictions"]}
    assert found == {pair: one.label for pair, one in document.cross_predictions.items()}
    agreed = next(one for one in exchange if one.rationale.case == "agree")
    assert agreed.to_dict()["cross_predictions"] == []
    rows = json.loads(exchange.to_frame().to_json(orient="records"))
    assert [row["label"] for row in rows] == exchange.labels.tolist()
    assert json.loads(json.dumps({k: v.tolist() for k, v in exchange.to_dict().items()}))


def test_selected_documents_are_an_exchange(exchange):
    rows = np.array([exchange.disputed[3], 0, exchange.disputed[1], exchange.disputed[3]])
    some = exchange[rows]
    assert isinstance(some, Exchange)
    same_rationales(some.rationales, [exchange.rationales[row] for row in rows])
    for name, column in exchange.to_dict().items():
        np.testing.assert_array_equal(some.to_dict()[name], column[rows])
    assert len(exchange[2:5]) == 3
    assert exchange[exchange.case != "agree"].disputed.tolist() == list(
        range(len(exchange.disputed))
    )


def test_it_can_be_pickled_and_tells_its_size(exchange):
    again = pickle.loads(pickle.dumps(exchange))
    same_rationales(again.rationales[:3], exchange.rationales[:3])
    assert repr(exchange).startswith("<Exchange about 400 documents, ")


def test_without_documents_there_are_labels_and_no_rationales():
    exchange = exchange_of_labels([["a"], ["a"]], ["agree"], ["a"])
    assert exchange.labels.tolist() == ["a"]
    with pytest.raises(ValueError, match="documents=None: rationales need the documents"):
        exchange[0]


def test_a_name_may_hold_given(fitted, other, reviews):
    committee = InteractiveCommittee([("a_given_b", fitted), ("c", other)]).fit(["ants"])
    columns = committee.interact(reviews[0][:5])
    assert {"label_a_given_b", "label_c_given_a_given_b", "label_a_given_b_given_c"} <= set(columns)
    assert list(explain_documents(committee, ["ants"])[0].members) == ["a_given_b", "c"]


def test_nothing_is_computed_that_nobody_asked_for(both, reviews, selected, monkeypatch):
    texts = reviews[0][:50]
    located = []
    original = WordTokenizer.__call__
    monkeypatch.setattr(
        WordTokenizer, "__call__", lambda *args: located.append(args) or original(*args)
    )
    for method in (both.predict, both.transform, both.interact):
        selected.clear()
        method(texts)
        assert selected == [(50, False)] * 2
    assert located == []


def test_each_document_is_read_once(both, reviews, selected):
    texts, y, _ = reviews
    texts, y = texts[:50], y[:50]
    for run in (
        lambda: both.explain(texts),
        lambda: explain_documents(both, texts, y),
        lambda: result_tables(both.exchange(texts), y),
    ):
        selected.clear()
        run()
        assert [n for n, _ in selected] == [50, 50]


def test_a_report_reads_documents_once_and_a_sample_for_what_is_relied_on(
    both, reviews, selected, monkeypatch
):
    monkeypatch.setattr("sklearn_irx.inspection._reliance._MOST_DOCUMENTS", 20)
    assert rationale_report(both, reviews[0][:50], reviews[1][:50]).html
    # The words of each class, and likely shortcuts, each of both members.
    assert [n for n, _ in selected] == [50, 50, 20, 20, 20, 20]


def test_each_member_looks_words_up_once_however_often_it_predicts(both, reviews, monkeypatch):
    looked_up = []
    original = Vocabulary.lookup
    monkeypatch.setattr(
        Vocabulary, "lookup", lambda *args: looked_up.append(args) or original(*args)
    )
    exchange = both.exchange(reviews[0])
    assert len(exchange.disputed), "nothing is exchanged: this test sees nothing"
    assert len(looked_up) == 2


def test_a_single_model_reads_each_document_once(fitted, reviews, selected):
    same_rationales(
        [document.rationale for document in explain_documents(fitted, reviews[0][:50])],
        fitted.explain(reviews[0][:50]),
    )
    assert selected == [(50, True)] * 2  # the second is that of explain


def test_the_command_reads_each_document_once(both, fitted, reviews, selected, tmp_path):
    pd = pytest.importorskip("pandas")
    from typer.testing import CliRunner

    from sklearn_irx.cli.app import app

    texts, y, _ = reviews
    pd.DataFrame({"text": texts[:30], "label": y[:30]}).to_csv(tmp_path / "table.csv")
    for name, model, n_models in (("both", both, 2), ("single", fitted, 1)):
        io.save(model, tmp_path / name)
        selected.clear()
        arguments = ["explain", tmp_path / name, tmp_path / "table.csv", "-n", 30]
        arguments += ["--label", "label", "-o", tmp_path / "page.html"]
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        assert [n for n, _ in selected] == [30] * n_models

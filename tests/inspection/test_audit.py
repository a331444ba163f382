"""Audits: their figures, their sentences, and selectors that they must catch."""

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx.components import LinearInit
from sklearn_irx.inspection import _audit as auditing
from sklearn_irx.inspection import rationale_audit, rationale_report
from sklearn_irx.inspection._auditing import CHOICE, OPPOSITE, SHAPE
from sklearn_irx.metrics import (
    arguability_score,
    comprehensiveness_score,
    mask_leakage_score,
    random_masks,
)
from sklearn_irx.text import TokenizedTexts, WordTokenizer
from tests.inspection.conftest import HOSTILE

rng = np.random.RandomState(0)
FILLERS = ["sea", "sky", "sand", "reed", "pier", "gull", "wind", "rope"]


class Selecting(BaseEstimator):
    """Knows the class from the last word, and shows others, by a function of words and class."""

    classes_ = np.array(["low", "tide"])
    max_length = 12

    def __init__(self, selects):
        self.selects = selects

    def fit(self, X, y):
        return self

    def explain(self, X):
        raise NotImplementedError

    def tokenize(self, X, *, spans=False):
        return TokenizedTexts.from_texts(X, WordTokenizer(), self.max_length, spans=spans)

    def word_spans(self, X):
        return self.tokenize(X, spans=True).spans

    def predict_with_masks(self, documents, masks=None, *, scores=False):
        assert not scores
        probabilities, masks = [], np.zeros((len(documents), self.max_length), dtype=bool)
        for text, mask in zip(documents.texts, masks, strict=True):
            words = WordTokenizer().words(text)
            label = int(words[-1] == "ebb")
            probabilities.append([1 - label, label])
            mask[self.selects(words, label)] = True
        return np.array(probabilities, dtype=float), masks

    def predict_proba(self, X, masks=None):
        documents = self.tokenize(X)
        if masks is None:
            return self.predict_with_masks(documents)[0]
        shown = np.array(
            [
                any(mask[i] and word == "ebb" for i, word in enumerate(WordTokenizer().words(text)))
                for text, mask in zip(X, masks, strict=True)
            ]
        )
        return np.column_stack([~shown, shown]).astype(float)

    def __sklearn_is_fitted__(self):
        return True


def coast(n, seed):
    """Return texts of fillers whose last word tells the class."""
    draws = np.random.RandomState(seed)
    y = draws.randint(2, size=n)
    texts = [" ".join([*draws.choice(FILLERS, 10), "ebb" if label else "flow"]) for label in y]
    return texts, Selecting.classes_[y]


def answer(audit, question):
    return next(one for one in audit.answers if one.question == question)


@pytest.fixture(scope="module")
def audit(fitted, reviews):
    texts, y, masks = reviews
    return rationale_audit(fitted, texts[250:], y[250:], human=masks[250:])


def test_figures_are_those_of_the_metrics(audit, fitted, reviews):
    texts, y = reviews[0][250:], reviews[1][250:]
    own = fitted.transform(texts)
    figures = {name: row for one in audit.answers for name, row in one.figures.items()}
    assert audit.complete
    assert audit.n_documents == len(texts)
    assert figures["accuracy of the model"]["this model"] == fitted.score(texts, y)
    assert figures["another class can be argued"]["this model"] == pytest.approx(
        arguability_score(fitted, texts, own)
    )
    assert figures["… with 2 times as many words"]["this model"] == pytest.approx(
        arguability_score(fitted, texts, n_words=2 * own.sum(axis=1))
    )
    assert figures["comprehensiveness of the model"]["this model"] == pytest.approx(
        comprehensiveness_score(fitted, texts, own)
    )
    lengths = [len(spans) for spans in fitted.word_spans(texts)]
    leakage = mask_leakage_score(own[:, : max(lengths)], y, lengths, random_state=3)
    assert figures["label told by the shape"]["this model"] == pytest.approx(
        leakage.accuracy, abs=0.1
    )
    of_words = figures["accuracy of another reader (EVAL-X)"]
    assert of_words["random words"] < min(of_words["this model"], of_words["marked by people"])
    assert of_words["marked by people"] > 0.8
    left = figures["accuracy of another reader without the words"]
    assert left["marked by people"] < left["random words"]


def test_the_table_has_all_figures_and_the_text_all_answers(audit):
    rows = {row[0]: row[1:] for row in audit.table.rows}
    there = [column for column in audit.table.columns if column]
    assert there == [
        "this model", "random words", "class-blind words", "class-conditional words",
        "marked by people", "all words",
    ]  # fmt: skip
    for one in audit.answers:
        assert one.question in str(audit)
        assert one.answer in str(audit)
        for name, row in one.figures.items():
            shown = [f"{row[column]:.3f}" if column in row else "–" for column in there]
            assert list(rows.pop(name)) == shown
    assert not rows
    assert json.loads(json.dumps(audit.to_dict()))["answers"][0]["question"] in audit.html


@pytest.mark.parametrize(
    ("selects", "choice", "shape"),
    [
        (lambda words, label: [label, 4], True, True),  # the first word, or the second
        (lambda words, label: [len(words) - 1], False, False),  # the word that tells
        (lambda words, label: [2, 5], False, False),
    ],
    ids=["code", "evidence", "nothing"],
)
def test_selectors_that_smuggle_are_told_from_those_that_show(selects, choice, shape):
    texts, y = coast(300, seed=1)
    audit = rationale_audit(Selecting(selects), texts, y)
    assert audit.complete
    assert answer(audit, CHOICE).concern == choice
    assert answer(audit, SHAPE).concern == shape
    encoding = answer(audit, CHOICE).figures["told by the choice (encoding), nats"]
    assert encoding["this model"] == pytest.approx(np.log(2) if choice else 0, abs=0.05)


def test_what_was_found_out_before_ctrl_c_is_not_lost(fitted, reviews, monkeypatch):
    def interrupted(audited):
        raise KeyboardInterrupt

    questions = auditing.questions

    def with_ctrl_c(estimator):
        return questions(estimator) | {SHAPE: interrupted}

    monkeypatch.setattr(auditing, "questions", with_ctrl_c)
    audit = rationale_audit(fitted, *reviews[:2], max_documents=60)
    assert not audit.complete
    assert [one.question for one in audit.answers][-1] == CHOICE
    assert audit.unanswered[0] == SHAPE
    assert "not complete" in audit.html
    assert f"Not answered: {SHAPE}" in str(audit)
    assert "4 questions not answered" in repr(audit)
    assert audit.table.rows

    monkeypatch.setattr(auditing.CrossFittedReaders, "fit", interrupted)
    audit = rationale_audit(fitted, *reviews[:2], max_documents=60)
    assert not audit.answers
    assert "interrupted" in audit.html


def test_an_ensemble_is_asked_whether_its_members_convince_others(pair, reviews):
    texts, y = reviews[0][300:], reviews[1][300:]
    audit = rationale_audit(pair, texts, y)
    last = audit.answers[-1]
    assert last.question == "Do the members convince each other only?"
    cross = pair.classes_[pair.cross_predict_proba(texts).argmax(axis=3)]
    assert last.figures["accuracy of Model 1, reading Model 2"]["this model"] == pytest.approx(
        (cross[0, 1] == y).mean()
    )
    assert "accuracy of another reader (EVAL-X), reading Model 2" in last.figures
    masks = pair.transform(texts)
    shares = [arguability_score(member, texts, masks) for member in pair.estimators_]
    opposite = answer(audit, OPPOSITE)
    assert opposite.figures["another class can be argued"]["this model"] == np.mean(shares)
    assert "convince a member" in opposite.answer


def test_other_trainings_are_compared_with(fitted, other, reviews):
    texts, y = reviews[0][300:], reviews[1][300:]
    audit = rationale_audit(fitted, texts, y, others=[fitted, other])
    figures = next(one for one in audit.answers if one.question == "How stable is it?").figures
    agreed = (1 + (other.predict(texts) == fitted.predict(texts)).mean()) / 2
    assert figures["same label in other trainings"]["this model"] == pytest.approx(agreed)
    assert 0.5 < figures["same words in other trainings (IOU)"]["this model"] < 1


def test_the_same_seed_gives_the_same_audit(fitted, reviews):
    one, two, three = (
        rationale_audit(fitted, *reviews[:2], max_documents=80, random_state=seed).to_dict()
        for seed in (5, 5, 6)
    )
    assert one == two != three
    assert one["about"][-1] == "80 of 400 documents were drawn at random."


def test_documents_of_rare_labels_are_left_out(fitted, reviews):
    y = np.array(reviews[1][:100], dtype=object)
    y[[3, 50]] = "odd"
    audit = rationale_audit(fitted, reviews[0][:100], y.astype(str))
    assert audit.n_documents == 98
    assert "2 documents of labels that occur less than 5 times were left out: odd." in audit.about


def test_it_says_how_words_are_chosen(small, fitted, reviews):
    texts, y, _ = reviews
    conditional = small(initialization=LinearInit("naive_bayes", class_focus=1))
    conditional.fit(texts[:100], y[:100])
    blind = small(encoder=None).fit(texts[:100], y[:100])
    for model, said in (
        (blind, "class-blind"),
        (fitted, "may have learned to tell the class by its choice"),
        (conditional, "class-conditional selection"),
        (FrozenEstimator(conditional), "class-conditional selection"),
    ):
        audit = rationale_audit(model, texts[100:160], y[100:160])
        assert said in audit.about[0]


def test_behind_a_cleaner_words_are_those_of_the_cleaned_texts(fitted, reviews):
    texts, y, _ = reviews
    dirty = [f"<p>{text}" for text in texts[:60]]
    cleaner = FunctionTransformer(lambda X: [text.removeprefix("<p>") for text in X])
    behind = make_pipeline(cleaner, fitted)
    one = rationale_audit(behind, dirty, y[:60], others=[behind])
    assert one.to_dict() == rationale_audit(fitted, texts[:60], y[:60], others=[fitted]).to_dict()


def test_labels_and_names_are_shown_as_text(hostile):
    committee, attacks, truths = hostile
    audit = rationale_audit(committee, attacks, truths, title=HOSTILE[0])
    report = rationale_report(committee, attacks, truths, audit=audit)
    for page in (audit.html, report.html, audit._repr_html_()):
        for attack in HOSTILE:
            assert attack not in page
    assert "Audit: what these words are evidence of" in report.html


def test_a_report_shows_an_audit(audit, fitted, reviews):
    with_audit = rationale_report(fitted, *reviews[:2], audit=audit).html
    assert audit.answers[0].answer in with_audit
    assert "Audit" not in rationale_report(fitted, *reviews[:2]).html


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"y": ["food"] * 60}, ValueError, "y has 1 labels that occur at least 5 times"),
        ({"y": ["a"]}, ValueError, "X has 60 documents and y 1 labels"),
        ({"max_documents": 0}, ValueError, "max_documents=0: give at least 1"),
        ({"human": [[(0, 1)]]}, ValueError, "X has 60 rows and human 1"),
        ({"human": np.ones((60, 3))}, TypeError, "human has dtype float64"),
        ({"others": ["model"]}, TypeError, "'model' shows no rationales"),
        (
            {"others": [Selecting(None)]},
            ValueError,
            r"others\[0\]=.* has other words",
        ),
        ({"y": [0, 1] * 30}, ValueError, "y holds none of the labels of the model"),
        (
            {"human": [[(0, 99)]] * 60},
            ValueError,
            r"human\[0\] selects words past the end",
        ),
        ({"max_documents": True}, ValueError, "max_documents=True: give at least 1"),
        ({"estimator": FunctionTransformer()}, TypeError, "shows no rationales"),
    ],
)
def test_what_cannot_be_audited(fitted, reviews, changed, error, said):
    given = {"estimator": fitted, "X": reviews[0][:60], "y": reviews[1][:60], **changed}
    with pytest.raises(error, match=said):
        rationale_audit(given.pop("estimator"), given.pop("X"), given.pop("y"), **given)


def test_random_words_are_the_floor_of_a_model_that_selects_at_random(fitted, reviews):
    class AtRandom(Selecting):
        classes_ = np.unique(reviews[1])
        max_length = 60

        def predict_with_masks(self, documents, masks=None, *, scores=False):
            probabilities = fitted.predict_proba(documents.texts)
            masks = random_masks(documents.lengths, 4, random_state=0)
            wide = np.zeros((len(masks), self.max_length), dtype=bool)
            wide[:, : masks.shape[1]] = masks
            return probabilities, wide

        def predict_proba(self, X, masks=None):
            return fitted.predict_proba(X, masks=masks)

    audit = rationale_audit(AtRandom(None), *reviews[:2])
    suffices = audit.answers[0]
    assert suffices.concern
    assert "little more than random ones" in suffices.answer
    assert not answer(audit, CHOICE).concern

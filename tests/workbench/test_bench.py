"""What the workbench answers, against the estimators and the rules themselves."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.exchange import CASES, RULES, settle
from sklearn_irx.workbench._bench import Workbench
from sklearn_irx.workbench._questions import (
    MAX_CHARACTERS,
    Person,
    Question,
    QuestionError,
    TooLongError,
)
from tests.transformers_made import make_transformer

TEXT = "There were ants in the porridge, and sirens all night. The waiters were rude."


def words_of(mask):
    return tuple(np.flatnonzero(mask).tolist())


def masked(words, n):
    mask = np.zeros((1, n), dtype=bool)
    mask[0, list(words)] = True
    return mask


def assert_is_the_exchange(answer, model, text):
    """Compare an answer without edits and person with what the ensemble returns."""
    exchange = model.exchange([text])
    decision = answer.decision
    assert (decision.chosen, decision.case) == (exchange.chosen[0], exchange.case[0])
    np.testing.assert_allclose(decision.probabilities, exchange.probabilities[0], atol=1e-6)
    np.testing.assert_allclose(answer.probabilities, cross_of(model, text), atol=1e-6)
    for j, one in enumerate(answer.participants):
        expected = exchange.masks[j, 0, : len(one.rationale.mask)]
        np.testing.assert_array_equal(one.rationale.mask, expected)
        assert not one.edited


def cross_of(model, text):
    return model.cross_predict_proba([text])[:, :, 0]


def test_a_single_model_answers_as_explain_and_decides_nothing(fitted, reviews):
    bench = Workbench(fitted)
    for text in reviews[0][300:305]:
        answer = bench.ask(Question(text))
        (one,) = answer.participants
        (expected,) = fitted.explain([text])
        assert one.rationale.words == expected.words
        assert one.rationale.label == expected.label
        assert one.rationale.confidence == expected.confidence
        assert answer.decision is None
        assert answer.kept.words == expected.words


def test_pairs_decide_as_their_exchange(pair, reviews):
    bench = Workbench(pair)
    cases = set()
    for text in reviews[0][200:400]:
        answer = bench.ask(Question(text))
        assert_is_the_exchange(answer, pair, text)
        cases.add(answer.decision.case)
    assert {"agree", "convinced_1", "convinced_2"} <= cases <= set(CASES)


@pytest.mark.parametrize("rule", RULES)
def test_committees_decide_by_their_rule(committees, reviews, rule):
    bench = Workbench(committees[rule])
    for text in reviews[0][320:350]:
        answer = bench.ask(Question(text))
        assert_is_the_exchange(answer, committees[rule], text)
        assert answer.decision.rule == rule


def test_a_learned_rule_decides_without_a_person_and_cannot_with_one(learned, reviews):
    bench = Workbench(learned)
    for text in reviews[0][320:350]:
        assert_is_the_exchange(bench.ask(Question(text)), learned, text)
    answer = bench.ask(Question(reviews[0][320], person=Person((), 0, 0.9)))
    assert answer.decision.rule == "convinced"
    assert "learned rule knows its members alone" in answer.decision.rule_sentence


def test_calibrated_members_are_calibrated_here_too(fitted, other, reviews):
    texts, y, _ = reviews
    pair = InteractiveEnsemble(fitted, other, calibration="temperature").fit(
        texts[:10], validation_data=(texts[300:], y[300:])
    )
    assert (pair.calibration_temperatures_ != 1).all()
    assert_is_the_exchange(Workbench(pair).ask(Question(texts[300])), pair, texts[300])


def test_edited_words_are_read_by_all_and_decide(committees, reviews):
    """The oracle reads with each member and decides by the rules on arrays."""
    committee = committees["convinced"]
    bench = Workbench(committee)
    rng = np.random.RandomState(0)
    for text in reviews[0][300:320]:
        own = bench.ask(Question(text)).participants
        n = len(own[0].rationale.tokens)
        edit = tuple(sorted(rng.choice(n, 3, replace=False).tolist()))
        answer = bench.ask(Question(text, edits={1: edit}))
        masks = [masked(words_of(one.rationale.mask), n) for one in own]
        masks[1] = masked(edit, n)
        read = np.array(
            [
                [member.predict_proba([text], mask)[0] for mask in masks]
                for member in committee.estimators_
            ]
        )
        np.testing.assert_allclose(answer.probabilities, read, atol=1e-6)
        expected = settle(read[:, :, None])
        assert answer.decision.chosen == expected.chosen[0]
        assert answer.decision.case == expected.case[0]
        assert [one.edited for one in answer.participants] == [False, True, False]
        assert "Changed by hand" in answer.participants[1].how_chosen
        assert not answer.participants[1].rationale.class_conditional
        # As the model has it again.
        back = bench.ask(Question(text, edits={1: words_of(own[1].rationale.mask)}))
        assert not back.participants[1].edited
        assert_is_the_exchange(back, committee, text)


def test_a_person_is_a_model_that_says_the_same_of_everything(pair, reviews):
    bench, n_classes = Workbench(pair), len(pair.classes_)
    for label, text in enumerate(reviews[0][300:303]):
        person = Person((1, 4), label, 0.7)
        answer = bench.ask(Question(text, person=person))
        said = np.full(n_classes, 0.3 / (n_classes - 1))
        said[label] = 0.7
        np.testing.assert_allclose(answer.probabilities[2], np.tile(said, (3, 1)))
        n = len(answer.participants[0].rationale.tokens)
        for i, member in enumerate(pair.estimators_):
            read = member.predict_proba([text], masked((1, 4), n))[0]
            np.testing.assert_allclose(answer.probabilities[i, 2], read, atol=1e-6)
        expected = settle(answer.probabilities[:, :, None], "convinced")
        assert (answer.decision.chosen, answer.decision.case) == (
            expected.chosen[0],
            expected.case[0],
        )
        assert answer.participants[2].name == "You"
        assert answer.participants[2].rationale.label == pair.classes_[label]


@pytest.mark.parametrize("rule", RULES)
def test_with_a_person_the_rule_of_the_committee_decides(committees, reviews, rule):
    bench = Workbench(committees[rule])
    for label, text in enumerate(reviews[0][300:303]):
        answer = bench.ask(Question(text, person=Person((0, 1, 2), label, 0.9)))
        expected = settle(answer.probabilities[:, :, None], rule)
        assert answer.decision.rule == rule
        assert answer.decision.chosen == expected.chosen[0]
        np.testing.assert_array_equal(answer.decision.probabilities, expected.probabilities[0])


def test_a_person_and_a_single_model_exchange(fitted):
    bench = Workbench(fitted)
    model_says = bench.ask(Question(TEXT)).participants[0].rationale.label
    number = fitted.classes_.tolist().index(model_says)
    agreed = bench.ask(Question(TEXT, person=Person((0,), number, 0.5)))
    assert agreed.decision.case == "agree"
    assert agreed.decision.chosen == 0
    assert "you among them" in agreed.decision.sentence


def test_the_person_who_convinces_is_told_so(fitted):
    bench = Workbench(fitted)
    words = bench.ask(Question(TEXT)).participants[0].rationale.tokens
    found = set()
    for word in range(len(words)):
        for label in range(3):
            answer = bench.ask(Question(TEXT, person=Person((word,), label, 0.99)))
            if answer.decision.case == "convinced":
                found.add((answer.decision.chosen, answer.decision.sentence))
    assert (1, "Your words convinced most of the other participants.") in found


def test_the_case_for_a_class_is_that_of_explain(pair, reviews):
    bench = Workbench(pair)
    for text in reviews[0][300:304]:
        for target, label in enumerate(pair.classes_):
            answer = bench.ask(Question(text, target=target, person=Person((0,), 1, 0.8)))
            for i, member in enumerate(pair.estimators_):
                (expected,) = member.explain([text], target=label)
                case = answer.participants[i].case
                assert case.words == expected.words
                assert case.label == expected.label
                assert case.convinced == expected.convinced
                assert case.target_confidence == pytest.approx(expected.target_confidence, abs=1e-6)
                assert "the model's own rationale was not" in case.how_chosen()
                read = pair.estimators_[1 - i].explain([text], [case.mask])[0]
                assert answer.of_cases[1 - i, i].max() == pytest.approx(read.confidence, abs=1e-6)
            # The decision is about the words the models chose.
            assert (
                answer.decision.chosen
                == bench.ask(Question(text, person=Person((0,), 1, 0.8))).decision.chosen
            )


def test_classes_named_as_targets_are_found(small, reviews):
    texts, y, _ = reviews
    names = dict(zip(sorted(set(y)), ["all", "predicted", "runner_up"], strict=True))
    clf = small().fit(texts[:100], [names[label] for label in y[:100]])
    bench = Workbench(clf)
    for target, label in enumerate(clf.classes_):
        case = bench.ask(Question(texts[300], target=target)).participants[0].case
        expected = next(
            one for one in clf.explain(texts[300:301], target="all")[0] if one.target == label
        )
        assert case.target == label
        assert case.words == expected.words


def test_transformers_read_edited_words_too(small, reviews, tmp_path):
    from sklearn_irx.components import Transformer

    texts, y, _ = reviews
    encoder = Transformer(make_transformer(tmp_path))
    one = small(encoder=encoder, embeddings=None, training__max_epochs=1).fit(texts[:40], y[:40])
    other = small(encoder=encoder, embeddings=None, training__max_epochs=1, random_state=1)
    pair = InteractiveEnsemble(one, other.fit(texts[40:80], y[40:80])).fit(texts[:10])
    bench = Workbench(pair)
    for text in texts[300:304]:
        assert_is_the_exchange(bench.ask(Question(text)), pair, text)
        answer = bench.ask(Question(text, edits={1: (0, 3)}, target=1, person=Person((2,), 0, 0.9)))
        n = len(answer.participants[0].rationale.tokens)
        for i, member in enumerate(pair.estimators_):
            for j, words in ((1, (0, 3)), (2, (2,))):
                read = member.predict_proba([text], masked(words, n))[0]
                np.testing.assert_allclose(answer.probabilities[i, j], read, atol=1e-5)


def test_how_words_were_chosen_is_always_said(fitted, small, reviews):
    texts, y, _ = reviews
    assert "given no class" in Workbench(fitted).ask(Question(TEXT)).participants[0].how_chosen
    from sklearn_irx.components import LinearInit

    by_class = small(initialization=LinearInit("naive_bayes", class_focus=0.5)).fit(
        texts[:100], y[:100]
    )
    (one,) = Workbench(by_class).ask(Question(TEXT)).participants
    assert "class-conditional selection" in one.how_chosen
    assert one.rationale.class_conditional


def test_a_pipeline_shows_what_its_model_sees(pipeline, pair):
    loud = "SIRENS All Night, Ants"
    answer = Workbench(pipeline).ask(Question(loud))
    assert answer.seen == loud.lower()
    assert answer.shown()["cleaned"]
    assert_is_the_exchange(answer, pair, loud.lower())
    assert not Workbench(pipeline).ask(Question(loud.lower())).shown()["cleaned"]


@pytest.mark.parametrize(
    "text", ["", "   ", "ants", "!?…", "zzyzx qwxv", "ants " * 200, "a\x00b\u202ec \ud800 d\r\ne"]
)
def test_odd_texts_are_answered(pair, text):
    bench = Workbench(pair)
    answer = bench.ask(Question(text, target=0, person=Person((), 0, 0.9)))
    n = len(answer.participants[0].rationale.tokens)
    shown = answer.shown()
    assert len(shown["pieces"]) == 2 * n + 1
    assert not set("".join(shown["pieces"])) & set("\x00\u202e\ud800\r")
    if n:
        assert (
            bench.ask(Question(text, edits={0: tuple(range(n))}))
            .participants[0]
            .rationale.mask.all()
        )


def test_what_is_not_read_is_said_and_not_shown(pair):
    answer = Workbench(pair).ask(Question("ants " * 70))
    shown = answer.shown()
    assert len(shown["pieces"]) == 2 * 60 + 1
    assert shown["unread"] == "51 more characters, not read"


def test_pieces_are_the_text(pair, reviews):
    for text in reviews[0][:5]:
        assert "".join(Workbench(pair).ask(Question(text)).shown()["pieces"]) == text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question(TEXT, edits={2: (0,)}), "there is no member 2"),
        (Question(TEXT, edits={0: (99,)}), "there is no word 99"),
        (Question(TEXT, target=3), "there is no class 3"),
        (Question(TEXT, person=Person((0,), 3, 0.9)), "there is no class 3"),
        (Question(TEXT, person=Person((99,), 0, 0.9)), "there is no word 99"),
        (Question(TEXT, person=Person((0,), 0, 1 / 3)), "an even chance among 3 classes"),
        (Question(TEXT, person=Person((0,), 0, 1.01)), "at most 1"),
        (Question(TEXT, person=Person((0,), 0, float("nan"))), "at most 1"),
    ],
)
def test_what_is_not_there_is_refused(pair, question, said):
    with pytest.raises(QuestionError, match=said):
        Workbench(pair).ask(question)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([], "an object"),
        ({}, "text is missing"),
        ({"text": 3}, "text is 3"),
        ({"text": "a", "edits": [1]}, "edits must be"),
        ({"text": "a", "edits": {"x": []}}, "edits must be"),
        ({"text": "a", "edits": {"0": "abc"}}, r"edits\[0\]"),
        ({"text": "a", "edits": {"0": [-1]}}, "whole numbers"),
        ({"text": "a", "edits": {"0": [True]}}, "whole numbers"),
        ({"text": "a", "edits": {"9" * 400: []}}, "whole numbers"),
        ({"text": "a", "target": 1.5}, "target"),
        ({"text": "a", "person": []}, "person is"),
        ({"text": "a", "person": {"words": [], "label": 0}}, "person.probability is missing"),
        ({"text": "a", "person": {"words": [], "label": "x", "probability": 1}}, "person.label"),
        ({"text": "a", "person": {"label": 0, "probability": 1}}, "person.words"),
    ],
)
def test_what_is_no_question_is_refused(fields, said):
    with pytest.raises(QuestionError, match=said):
        Question.from_json(fields)


def test_long_texts_are_refused():
    Question.from_json({"text": "a" * MAX_CHARACTERS})
    with pytest.raises(TooLongError, match="shorten it"):
        Question.from_json({"text": "a" * (MAX_CHARACTERS + 1)})


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(fields=st.fixed_dictionaries(
    {}, optional={"text": json, "edits": json, "person": json, "target": json}
))  # fmt: skip
def test_any_json_is_a_question_or_refused(fields):
    try:
        question = Question.from_json(fields)
    except QuestionError:
        return
    assert isinstance(question.text, str)


def test_each_member_reads_new_words_in_one_prediction(pair, monkeypatch):
    calls = []
    original = type(pair.estimators_[0]).predict_with_masks

    def counted(self, X, masks=None, **options):
        calls.append(None if masks is None else len(masks))
        return original(self, X, masks, **options)

    monkeypatch.setattr(type(pair.estimators_[0]), "predict_with_masks", counted)
    bench = Workbench(pair)
    bench.ask(Question(TEXT, person=Person((0,), 0, 0.9)))
    assert calls == [None, None, 3, 3]
    calls.clear()
    bench.ask(Question(TEXT, edits={0: (1, 2)}, person=Person((0,), 0, 0.9)))
    assert calls == [1, 1]
    calls.clear()
    bench.ask(Question(TEXT, edits={0: (1, 2)}, person=Person((0,), 2, 0.5)))
    assert calls == []


def test_caches_are_bounded(pair):
    bench = Workbench(pair)
    for number in range(150):
        bench.ask(Question(f"ants {number}"))
    assert len(bench._looked) == 128
    for number in range(200):
        words = tuple(word for word in range(14) if number >> word & 1)
        bench.ask(Question(TEXT, edits={0: words}))
    assert len(bench._looked[TEXT].readings) <= 128


def test_many_threads_get_the_answers_of_one(pair, reviews):
    texts = reviews[0][300:308]
    expected = [Workbench(pair).ask(Question(text)).shown() for text in texts]
    bench, wrong = Workbench(pair), []

    def ask(seed):
        order = np.random.RandomState(seed).permutation(len(texts))
        wrong.extend(
            row for row in order if bench.ask(Question(texts[row])).shown() != expected[row]
        )

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_other_models_are_refused(reviews):
    with pytest.raises(TypeError, match="shows no rationales"):
        Workbench(LogisticRegression())
    with pytest.raises(NotFittedError):
        Workbench(SelectiveRationaleClassifier())

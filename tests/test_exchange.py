"""Algorithm 1, and its form for many models, against second, literal transcriptions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.exchange import (
    CASES,
    FEATURES,
    RULES,
    candidate_features,
    chosen,
    decide,
    settle,
    settle_by,
)

labels = st.sampled_from(["a", "b", "c"])
confidences = st.sampled_from([0.4, 0.5, 0.9])


def algorithm_1(y1, y2, y1_prime, y2_prime, cl1, cl2):
    """One document, as the pseudo-code reads; equal confidence goes to model 1."""
    if y1 == y2:
        return "agree", 1
    if y1 == y2_prime and y2 != y1_prime:
        return "convinced_2", 1
    if y1 != y2_prime and y2 == y1_prime:
        return "convinced_1", 2
    if cl1 >= cl2:
        return "confidence_1", 1
    return "confidence_2", 2


@given(st.lists(st.tuples(labels, labels, labels, labels, confidences, confidences), min_size=1))
def test_every_document_is_settled_as_the_pseudo_code_says(rows):
    case = decide(*(np.array(column) for column in zip(*rows, strict=True)))
    expected = [algorithm_1(*row) for row in rows]
    assert list(zip(case.tolist(), chosen(case).tolist(), strict=True)) == expected


@given(st.tuples(labels, labels, labels, labels, confidences, confidences))
def test_exchanging_the_models_exchanges_the_outcome_unless_confidence_ties(row):
    y1, y2, y1_prime, y2_prime, cl1, cl2 = (np.array([value]) for value in row)
    forward = chosen(decide(y1, y2, y1_prime, y2_prime, cl1, cl2))
    backward = chosen(decide(y2, y1, y2_prime, y1_prime, cl2, cl1))
    if y1 != y2 and cl1 != cl2:
        assert forward + backward == 3
    elif y1 == y2:
        assert forward == backward == 1


def test_the_pseudo_code_covers_every_case():
    reached = {
        algorithm_1(*row)[0]
        for row in [
            ("a", "a", "b", "b", 0.1, 0.2),
            ("a", "b", "a", "a", 0.1, 0.2),
            ("a", "b", "b", "b", 0.1, 0.2),
            ("a", "b", "a", "b", 0.2, 0.2),
            ("a", "b", "b", "a", 0.1, 0.2),
        ]
    }
    assert reached == set(CASES)


@pytest.mark.parametrize("dtype", [int, bool, object])
def test_labels_of_any_type_can_be_compared(dtype):
    one, two = np.array([1], dtype), np.array([0], dtype)
    assert decide(one, two, one, one, np.array([0.5]), np.array([0.9])) == ["convinced_2"]


@st.composite
def readings(draw, most_models=4, ties=True):
    """What models say of all rationales: any probabilities or, with `ties`, of few values too."""
    n, n_samples = draw(st.integers(2, most_models)), draw(st.integers(1, 30))
    n_classes = draw(st.integers(2, 4))
    random = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
    if ties and draw(st.booleans()):
        weights = random.randint(1, 4, size=(n, n, n_samples, n_classes)).astype(float)
        return weights / weights.sum(axis=3, keepdims=True)
    return random.dirichlet(np.ones(n_classes), size=(n, n, n_samples))


def settled(p, rule):
    """One document, as the docstring of `settle` reads: p[i][j][c]."""
    members = range(len(p))
    own_labels = [int(np.argmax(p[j][j])) for j in members]
    if len(set(own_labels)) == 1:
        return 0, "agree", p[0][0]
    if rule == "consensus":
        said = [np.mean([p[i][j] for i in members], axis=0) for j in members]
    else:
        said = [p[j][j] for j in members]
    labels = [int(np.argmax(probabilities)) for probabilities in said]
    score = [
        {
            "convinced": lambda j: sum(np.argmax(p[i][j]) == labels[j] for i in members),
            "mean": lambda j: np.mean([p[i][j][labels[j]] for i in members]),
            "product": lambda j: np.prod([p[i][j][labels[j]] for i in members]),
            "vote": lambda j: np.mean([p[i][i][labels[j]] for i in members]),
            "consensus": lambda j: np.mean([p[i][j][labels[j]] for i in members]),
        }[rule](j)
        for j in members
    ]
    ahead = [j for j in members if score[j] == max(score)]
    kept = max(ahead, key=lambda j: (max(p[j][j]), -j))
    case = rule if len({labels[j] for j in ahead}) == 1 else "confidence"
    return kept, case, said[kept]


@given(readings())
@pytest.mark.parametrize("rule", RULES)
def test_many_models_are_settled_as_the_docstring_says(rule, p):
    settlement = settle(p, rule)
    for document in range(p.shape[2]):
        kept, case, probabilities = settled(p[:, :, document], rule)
        assert settlement.chosen[document] == kept
        assert settlement.case[document] == case
        np.testing.assert_allclose(settlement.probabilities[document], probabilities)


@given(readings(most_models=2))
def test_two_models_are_settled_by_algorithm_1(p):
    labels, confidence = p.argmax(axis=3), p.max(axis=3)
    case = decide(
        labels[0, 0], labels[1, 1], labels[0, 1], labels[1, 0], confidence[0, 0], confidence[1, 1]
    )
    settlement = settle(p)
    np.testing.assert_array_equal(settlement.chosen + 1, chosen(case))
    assert settlement.case.tolist() == [name.split("_")[0] for name in case]
    np.testing.assert_array_equal(
        settlement.probabilities,
        np.where(chosen(case)[:, None] == 1, p[0, 0], p[1, 1]),
    )


@given(p=readings(ties=False), seed=st.integers(0, 1000))
@pytest.mark.parametrize("rule", RULES)
def test_the_order_of_the_models_does_not_matter_unless_they_agree(rule, p, seed):
    order = np.random.RandomState(seed).permutation(len(p))
    forward, permuted = settle(p, rule), settle(p[order][:, order], rule)
    np.testing.assert_array_equal(forward.case, permuted.case)
    disputed = forward.case != "agree"
    np.testing.assert_array_equal(forward.chosen[disputed], order[permuted.chosen[disputed]])
    np.testing.assert_array_equal(
        forward.probabilities.argmax(axis=1), permuted.probabilities.argmax(axis=1)
    )


@given(readings())
@pytest.mark.parametrize("rule", RULES)
def test_readings_that_were_not_made_are_not_missed(rule, p):
    labels = p[np.arange(len(p)), np.arange(len(p))].argmax(axis=2)
    unread = ~np.eye(len(p), dtype=bool)[..., None] & (labels == labels[0]).all(axis=0)
    sparse = np.where(unread[..., None], np.nan, p)
    for complete, incomplete in zip(settle(p, rule), settle(sparse, rule), strict=True):
        np.testing.assert_array_equal(complete, incomplete)


def test_what_settle_cannot_read():
    with pytest.raises(ValueError, match=r"probabilities has shape \(2, 3, 5, 4\): give"):
        settle(np.zeros((2, 3, 5, 4)))
    with pytest.raises(ValueError, match="rule='loudest' is unknown: give one of convinced, mean"):
        settle(np.zeros((2, 2, 5, 4)), "loudest")


def features(p, selected, n_words, j):
    """Rationale j of one document, as the docstring of `candidate_features` reads: p[i][j][c]."""
    members = range(len(p))
    labels = [int(np.argmax(p[i][i])) for i in members]
    others = [i for i in members if i != j]

    def log_odds(probability):
        probability = min(max(probability, 1e-6), 1 - 1e-6)
        return np.log(probability) - np.log(1 - probability)

    return {
        "own_log_odds": log_odds(p[j][j][labels[j]]),
        "log_odds_of_others": np.mean([log_odds(p[i][j][labels[j]]) for i in others]),
        "n_convinced": len([i for i in others if np.argmax(p[i][j]) == labels[j]]),
        "n_same_label": len([i for i in others if labels[i] == labels[j]]),
        "mean_probability": np.mean([p[i][i][labels[j]] for i in members]),
        "share_selected": selected[j] / n_words if n_words else 0,
        "log_selected": np.log(1 + selected[j]),
    }


@given(readings(), st.integers(0, 2**32 - 1), st.booleans())
def test_features_are_those_of_the_docstring(p, seed, certain):
    random = np.random.RandomState(seed)
    if certain:  # as 32 bits round it
        p = (p == p.max(axis=3, keepdims=True)).astype(np.float32)
    n_words = random.randint(20, size=p.shape[2])
    selected = random.randint(n_words + 1, size=(len(p), p.shape[2]))
    found = candidate_features(p, selected, n_words)
    assert np.isfinite(found).all()
    for document in range(p.shape[2]):
        for j in range(len(p)):
            of_one = p[:, :, document], selected[:, document], n_words[document], j
            expected = features(*of_one)
            assert list(expected) == list(FEATURES)
            np.testing.assert_allclose(found[j, document], list(expected.values()), atol=1e-9)


@given(readings())
def test_scores_settle_as_the_rule_does_that_has_the_same(p):
    own = p[np.arange(len(p)), np.arange(len(p))]
    labels = own.argmax(axis=2)
    for rule in ("convinced", "mean", "product", "vote"):
        by_scores = settle_by(p, RULES[rule](p, labels), rule)
        for one, other in zip(by_scores, settle(p, rule), strict=True):
            np.testing.assert_array_equal(one, other)


def test_scores_of_another_shape_are_named():
    with pytest.raises(ValueError, match=r"scores has shape \(2, 4\): give .* here \(2, 5\)"):
        settle_by(np.zeros((2, 2, 5, 4)), np.zeros((2, 4)), "by scores")
    with pytest.raises(ValueError, match=r"probabilities has shape \(2, 3, 5, 4\): give"):
        candidate_features(np.zeros((2, 3, 5, 4)), np.zeros((2, 5)), np.zeros(5))

"""Algorithm 1 against a second, literal transcription of the paper's pseudo-code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.exchange import CASES, chosen, decide

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

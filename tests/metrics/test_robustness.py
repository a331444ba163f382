"""The share of a rationale's words that must be hidden, against all sets of words."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.metrics import robustness_score


@pytest.fixture(scope="module")
def model(reviews):
    texts, y, _ = reviews
    clf = SelectiveRationaleClassifier(rationale_length=4, random_state=0, n_threads=1)
    return clf.fit(texts[:200], y[:200])


def share_to_hide(clf, text):
    """Try all sets of words of a rationale, the small ones first."""
    mask = clf.transform([text])
    before = clf.predict([text])[0]
    selected = np.flatnonzero(mask[0])
    for size in range(1, len(selected) + 1):
        hidden = list(combinations(selected, size))
        masks = np.repeat(mask, len(hidden), axis=0)
        for row, words in zip(masks, hidden, strict=True):
            row[list(words)] = False
        probabilities = clf.predict_proba([text] * len(hidden), masks)
        if (clf.classes_[probabilities.argmax(axis=1)] != before).any():
            return size / len(selected)
    return 1.0 if len(selected) else np.nan


def test_it_is_the_share_of_the_fewest_words(model, reviews):
    texts = [*reviews[0][200:240], "zzz", ""]
    found = robustness_score(model, texts, average=None)
    expected = np.array([share_to_hide(model, text) for text in texts])
    few = model.transform(texts).sum(axis=1) <= 3  # up to two words the search is exact
    np.testing.assert_allclose(found[few], expected[few])
    defined = ~np.isnan(expected)
    assert (found[defined] >= expected[defined]).all()
    assert np.isnan(found[~defined]).all()
    assert np.mean(found[defined] == expected[defined]) > 0.9
    assert robustness_score(model, texts) == pytest.approx(np.nanmean(found))
    assert 0 < robustness_score(model, texts) < 1


def test_it_is_a_scorer(model, reviews):
    texts, y, _ = reviews
    pipeline = make_pipeline(FunctionTransformer(), model)
    found = cross_validate(pipeline, texts[:90], y[:90], scoring=robustness_score, cv=2)
    assert ((found["test_score"] > 0) & (found["test_score"] <= 1)).all()


def test_an_ensemble_is_referred_to_its_members(model, reviews):
    both = InteractiveEnsemble(model, model).fit(reviews[0][:10])
    with pytest.raises(TypeError, match=r"give a SelectiveRationaleClassifier.*estimators_\[0\]"):
        robustness_score(both, reviews[0][:5])

"""Fit one classifier, score it, and look at the words it used.

The reviews are invented, so the words that tell the class are known: the selected words can be
compared with them.
"""

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import rationale_length, token_f1_score

texts, y, masks = make_rationale_classification(1000, n_words=40, random_state=0)
train_texts, test_texts = texts[:800], texts[800:]
y_train, y_test, masks_test = y[:800], y[800:], masks[800:]

clf = SelectiveRationaleClassifier(random_state=0)
clf.fit(train_texts, y_train)

selected = clf.transform(test_texts)
print(f"Accuracy:          {clf.score(test_texts, y_test):.3f}")
print(f"Words selected:    {rationale_length(selected):.1f}")
print(f"Token F1:          {token_f1_score(masks_test, selected):.3f}")

print("\nLabel, confidence, and the words behind them:")
for rationale, truth in zip(clf.explain(test_texts[:5]), y_test[:5], strict=True):
    print(f"  {rationale}   (true label: {truth})")

"""Choose the sparsity and contiguity penalties with GridSearchCV.

`lambda1` is the penalty for each selected word, `lambda2` that for each transition between selected
and unselected words. A grid search shows what each pair of penalties does to accuracy, to length
and to the number of transitions.
"""

from sklearn.model_selection import GridSearchCV

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import n_transitions, rationale_length_scorer
from sklearn_irx.text import WordTokenizer, WordVectors


def transitions(clf, X, _):
    return n_transitions(clf.transform(X), [len(spans) for spans in clf.word_spans(X)])


texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)

# Learned once and shared by all candidates. They see no labels, but they do see the texts of all
# folds; embeddings=None would learn them afresh from the training part of each fold.
vectors = WordVectors.train([WordTokenizer().words(text) for text in texts], seed=0)

search = GridSearchCV(
    SelectiveRationaleClassifier(
        embeddings=vectors,
        max_length=60,
        encoder=CNN(n_filters=10),
        training=Training(max_epochs=3, batch_size=16, learning_rate=0.005),
        random_state=0,
    ),
    {"lambda1": [0.001, 0.03], "lambda2": [0.0, 0.1]},
    scoring={
        "accuracy": "accuracy",
        "words": rationale_length_scorer,
        "transitions": transitions,
    },
    refit=False,
    cv=2,
)
search.fit(texts, y)

print("lambda1  lambda2  accuracy  words  transitions")
results = search.cv_results_
for i, params in enumerate(results["params"]):
    print(
        f"{params['lambda1']:7g}  {params['lambda2']:7g}  {results['mean_test_accuracy'][i]:8.3f}"
        f"  {results['mean_test_words'][i]:5.1f}  {results['mean_test_transitions'][i]:11.1f}"
    )

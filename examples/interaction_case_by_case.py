"""Let two models exchange their rationales, and show documents on which they disagree.

The reviews are hard: phrases of other classes turn up in them. The members differ in their
initialization and in the documents they learn from, so that they often disagree.
"""

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import exchange_table

texts, y, _ = make_rationale_classification(
    800, n_classes=3, n_words=70, difficulty=0.9, random_state=0
)
train_texts, test_texts, y_train, y_test = texts[:400], texts[400:], y[:400], y[400:]

common = {
    "max_length": 100,
    "lambda1": 0.02,
    "encoder": CNN(n_filters=20),
    "training": Training(max_epochs=3),
}
one = SelectiveRationaleClassifier(**common, random_state=0)
two = SelectiveRationaleClassifier(**common, initialization="logistic", random_state=1)
one.fit(train_texts, y_train)
two.fit(train_texts[:150], y_train[:150])

both = InteractiveEnsemble(one, two).fit(train_texts)  # fitted members are used as they are
for name, model in (("Model 1", one), ("Model 2", two), ("Both, interacting", both)):
    print(f"{name:18} accuracy {model.score(test_texts, y_test):.3f}")

exchange = both.exchange(test_texts)
table = exchange_table(exchange, y_test)
print("\ncase          count  accuracy  model 1  model 2")
for row in zip(*(table[column] for column in table if column != "share"), strict=True):
    print("{:12}  {:5}  {:8.3f}  {:7.3f}  {:7.3f}".format(*row))

for case in ("convinced_2", "convinced_1", "confidence_1", "confidence_2"):
    for i in (exchange.case == case).nonzero()[0][:1]:
        document = exchange[i]
        print(f"\nDocument {i}, true label {y_test[i]}")
        for number, rationale in document.members.items():
            print(f"  model {number}:  {rationale}")
        for (reader, owner), found in document.cross_predictions.items():
            print(f"  model {reader} predicts {found.label} from rationale {owner}")
        print(f"  {case}: model {document.chosen} is kept, label {document.rationale.label}")

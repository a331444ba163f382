"""Makes the models that stand beside this file, and what they say of a few texts.

They stay as they are: what one version has saved, all later ones must load and read alike. Run

    PYTHONPATH=. python tests/data/models/make.py NAME...

in the root of the repository for a new kind of model only, or with a new format, under a new name:
it ends with the format.
"""

import json
import sys
from pathlib import Path

import numpy as np

import sklearn_irx
from sklearn_irx import InteractiveCommittee, InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import CNN, LinearInit, Predictor, Style, Transformer
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import (
    HTMLTokenizer,
    SentenceSplitter,
    WhitespaceTokenizer,
    WordTokenizer,
    WordVectors,
)
from tests.transformers_made import make_transformer

HERE = Path(__file__).parent
BASE = "tiny-bert"
WITHOUT_BASE = ("based-5",)
TINY = {
    "max_length": 30,
    "training__max_epochs": 2,
    "predictor__hidden_size": 3,
    "encoder": CNN((2, 3), n_filters=2),
    "n_threads": 1,
    "training__precision": "float32",
}


def main(names: list[str]) -> None:
    """Fit, save, and note what is predicted."""
    texts, y, masks = make_rationale_classification(60, n_words=25, n_cues=2, random_state=0)
    words = ["room", "ants", "drains", "waiters", "breakfast", "pharmacy"]
    vectors = WordVectors(words, np.random.RandomState(0).normal(size=(len(words), 3)))

    def tiny(seed: int, **more: object) -> SelectiveRationaleClassifier:
        return SelectiveRationaleClassifier().set_params(
            **{**TINY, "embeddings": vectors, "random_state": seed, **more}
        )

    def learned() -> InteractiveEnsemble:
        weak, other = (tiny(s).fit(texts[:n], y[:n]) for s, n in ((12, 12), (13, 60)))
        more, *_ = make_rationale_classification(200, n_words=25, n_cues=2, random_state=1)
        return InteractiveEnsemble(weak, other, rule="learned").fit(more, other.predict(more))

    def on_transformer(seed: int, **more: object) -> SelectiveRationaleClassifier:
        base = HERE / BASE
        if not base.is_dir():
            make_transformer(base)
        encoder = Transformer(
            str(base.relative_to(Path.cwd())), layers=1, window=12, overlap=4, learning_rate=1e-3
        )
        own = {"max_length": 30, "training__max_epochs": 2, "n_threads": 1, "rationale_length": 4}
        clf = SelectiveRationaleClassifier(encoder=encoder, random_state=seed)
        return clf.set_params(**own, training__precision="float32", **more)

    makers = {
        "classifier-2": lambda: tiny(0, calibration="temperature").fit(texts, y),
        "recurrent-2": lambda: tiny(
            1, encoder="rnn", encoder__hidden_size=2, initialization=None, sampler="top_k",
            rationale_length=4, tokenizer=WhitespaceTokenizer(),
        ).fit(texts, y == "noise"),
        "recurrent-7": lambda: tiny(
            19, encoder="rnn", encoder__hidden_size=2, initialization=None, rationale_length=4
        ).fit(texts, y),
        "focused-2": lambda: tiny(
            7, initialization=LinearInit("combined", class_focus=1, bigrams="whole")
        ).fit(texts, y),
        "ensemble-2": lambda: InteractiveEnsemble(
            tiny(2), tiny(3, initialization="logistic").fit(texts[:30], y[:30])
        ).fit(texts, y),
        "committee-2": lambda: InteractiveCommittee(
            [("bayes", tiny(4)), ("short", tiny(5, rationale_length=2)),
             ("kuma", tiny(6, sampler="hard_kuma"))],
            rule="auto",
            calibration="temperature",
        ).fit(texts[:40], y[:40], validation_data=(texts[40:], y[40:])),
        "ensemble-3": lambda: InteractiveEnsemble(
            tiny(8, tokenizer=HTMLTokenizer(WordTokenizer(apostrophes=True, hyphens=True))),
            tiny(9, tokenizer=HTMLTokenizer(WordTokenizer(apostrophes=True, hyphens=True))),
        ).fit(texts, y),
        "learned-4": learned,
        "phrases-4": lambda: SelectiveRationaleClassifier(
            style="phrases", random_state=11, n_threads=1
        ).fit(texts, y),
        "sentences-6": lambda: SelectiveRationaleClassifier(
            style=Style(SentenceSplitter("de"), max_spans=1), rationale_length=2, random_state=17,
            n_threads=1,
        ).fit(texts, y),
        "marked-6": lambda: SelectiveRationaleClassifier(
            style=Style(max_spans=2, snap=0.5), sampler="top_k", random_state=18, n_threads=1
        ).fit(texts, y, rationales=list(masks)),
        "transformer-5": lambda: on_transformer(14).fit(texts, y),
        "based-5": lambda: InteractiveEnsemble(
            on_transformer(15, initialization=None),
            on_transformer(16, predictor=Predictor(share_encoder=False)),
        ).fit(texts, y),
        "words-3": lambda: tiny(10, rationale_length=3, max_transitions=4).fit(texts, y),
    }  # fmt: skip
    asked = ["", "zzz", *texts[:10], "Ants in the pharmacy, drains in the room."]
    asked += ["A t-shirt<br>with <b>an</b>ts, don’t! 👍 Cafe\u0301", "नमस्ते"]
    for name in names or makers:
        model = makers[name]()
        without_base = name in WITHOUT_BASE
        sklearn_irx.save(model, HERE / name, overwrite=True, without_base=without_base)
        expected = {
            **({"base": BASE} if without_base else {}),
            "texts": asked,
            "labels": model.predict(asked).tolist(),
            "probabilities": model.predict_proba(asked).tolist(),
            "masks": [np.flatnonzero(mask).tolist() for mask in model.transform(asked)],
        }
        text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
        (HERE / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

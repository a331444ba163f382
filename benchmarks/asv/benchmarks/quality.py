"""What models reach on invented reviews whose telling words are known."""

from __future__ import annotations

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.metrics import rationale_length, token_f1_score

from .common import SETTINGS

_N_TRAIN = 400


class Quality:
    """Vectors are learned from the reviews; eight words are asked for."""

    params = ("straight_through", "top_k")
    param_names = ("sampler",)
    timeout = 120

    def setup_cache(self) -> dict[str, tuple[float, float, float]]:
        texts, y, masks = make_rationale_classification(
            _N_TRAIN + 200, n_classes=4, n_words=60, difficulty=0.4, random_state=0
        )
        found = {}
        for sampler in self.params:
            settings = {**SETTINGS, "sampler": sampler, "training__max_epochs": 3}
            clf = SelectiveRationaleClassifier(encoder="cnn").set_params(**settings)
            clf.fit(texts[:_N_TRAIN], y[:_N_TRAIN])
            probabilities, selected = clf.predict_with_masks(texts[_N_TRAIN:])
            labels = clf.classes_[probabilities.argmax(axis=1)]
            found[sampler] = (
                float((labels == y[_N_TRAIN:]).mean()),
                rationale_length(selected),
                token_f1_score(masks[_N_TRAIN:], selected),
            )
        return found

    def track_accuracy(self, found: dict[str, tuple[float, float, float]], sampler: str) -> float:
        return found[sampler][0]

    def track_words(self, found: dict[str, tuple[float, float, float]], sampler: str) -> float:
        return found[sampler][1]

    def track_token_f1(self, found: dict[str, tuple[float, float, float]], sampler: str) -> float:
        return found[sampler][2]


Quality.track_accuracy.unit = "share"
Quality.track_words.unit = "words"
Quality.track_token_f1.unit = "F1"

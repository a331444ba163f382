"""Training for an epoch."""

# ruff: noqa: ARG002 (asv gives every parameter to every method)

from __future__ import annotations

from sklearn_irx import SelectiveRationaleClassifier

from .common import SETTINGS, make_documents, make_vectors


class Fit:
    """With each sampler, and once as the paper trained: soft masks, random weights at first."""

    params = (
        ["straight_through", "gumbel", "hard_kuma", "sparsemap", "top_k"],
        ["naive_bayes", None],
    )
    param_names = ("sampler", "initialization")
    number = 1
    timeout = 120

    def setup(self, sampler: str, initialization: str | None) -> None:
        if initialization is None and sampler not in {"straight_through", "gumbel"}:
            raise NotImplementedError  # skips the combination
        self.texts, self.y = make_documents(500)
        self.clf = SelectiveRationaleClassifier(
            sampler=sampler,
            embeddings=make_vectors(),
            initialization=initialization,
            encoder="cnn",
        ).set_params(**SETTINGS, training__warmup_epochs=0, training__ramp_epochs=0)

    def time_fit(self, sampler: str, initialization: str | None) -> None:
        self.clf.fit(self.texts, self.y)


class FitLonger:
    """More documents, the default training."""

    params = (500, 2000)
    param_names = ("documents",)
    number = 1
    timeout = 120

    def setup(self, documents: int) -> None:
        self.texts, self.y = make_documents(documents)
        self.clf = SelectiveRationaleClassifier(
            encoder="cnn", embeddings=make_vectors()
        ).set_params(**SETTINGS)

    def time_fit(self, documents: int) -> None:
        self.clf.fit(self.texts, self.y)

    def peakmem_fit(self, documents: int) -> None:
        self.clf.fit(self.texts, self.y)

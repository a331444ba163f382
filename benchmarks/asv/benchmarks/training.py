"""Training for an epoch."""

# ruff: noqa: ARG002 (asv gives every parameter to every method)

from __future__ import annotations

from sklearn_irx import SelectiveRationaleClassifier

from .common import SETTINGS, make_documents, make_vectors


class Fit:
    """With each sampler, and once as the paper trained: soft masks, no linear start."""

    params = (["straight_through", "gumbel", "hard_kuma", "sparsemap", "top_k"], [True, False])
    param_names = ("sampler", "linear_start")
    number = 1
    timeout = 120

    def setup(self, sampler: str, linear_start: bool) -> None:
        if not linear_start and sampler not in {"straight_through", "gumbel"}:
            raise NotImplementedError  # skips the combination
        self.texts, self.y = make_documents(500)
        self.clf = SelectiveRationaleClassifier(
            **SETTINGS, sampler=sampler, embeddings=make_vectors(), warmup_epochs=0, ramp_epochs=0,
            linear_start="naive_bayes" if linear_start else None,
        )  # fmt: skip

    def time_fit(self, sampler: str, linear_start: bool) -> None:
        self.clf.fit(self.texts, self.y)


class FitLonger:
    """More documents, the default training."""

    params = (500, 2000)
    param_names = ("documents",)
    number = 1
    timeout = 120

    def setup(self, documents: int) -> None:
        self.texts, self.y = make_documents(documents)
        self.clf = SelectiveRationaleClassifier(**SETTINGS, embeddings=make_vectors())

    def time_fit(self, documents: int) -> None:
        self.clf.fit(self.texts, self.y)

    def peakmem_fit(self, documents: int) -> None:
        self.clf.fit(self.texts, self.y)

"""Reading with a trained model, and splitting texts into words."""

# ruff: noqa: ARG002 (asv gives every parameter to every method)

from __future__ import annotations

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import Documents, Vocabulary, WhitespaceTokenizer, WordTokenizer

from .common import SETTINGS, make_documents, make_vectors


class Read:
    """Labels and rationales of documents, and peak memory with more of them."""

    params = (500, 2000)
    param_names = ("documents",)
    number = 1
    timeout = 120

    def setup_cache(self) -> SelectiveRationaleClassifier:
        clf = SelectiveRationaleClassifier(encoder="cnn", embeddings=make_vectors()).set_params(
            **SETTINGS
        )
        return clf.fit(*make_documents(500))

    def setup(self, clf: SelectiveRationaleClassifier, documents: int) -> None:
        self.texts, _ = make_documents(documents, seed=1)
        clf.predict_with_masks(self.texts[:300])

    def time_predict(self, clf: SelectiveRationaleClassifier, documents: int) -> None:
        clf.predict(self.texts)

    def time_explain(self, clf: SelectiveRationaleClassifier, documents: int) -> None:
        clf.explain(self.texts)

    def peakmem_read(self, clf: SelectiveRationaleClassifier, documents: int) -> None:
        clf.predict_with_masks(self.texts)


class Split:
    """Words of invented reviews, and their numbers in a vocabulary."""

    def setup(self) -> None:
        self.texts, _, _ = make_rationale_classification(300, n_words=100, random_state=0)
        self.words = [WordTokenizer().words(text) for text in self.texts]
        self.vocabulary = Vocabulary.from_documents(self.words)

    def time_words(self) -> None:
        tokenizer = WordTokenizer()
        for text in self.texts:
            tokenizer.words(text, 200)

    def time_tokens(self) -> None:
        tokenizer = WordTokenizer()
        for text in self.texts:
            tokenizer(text)

    def time_whitespace(self) -> None:
        tokenizer = WhitespaceTokenizer()
        for text in self.texts:
            tokenizer.words(text, 200)

    def time_vocabulary(self) -> None:
        Vocabulary.from_documents(self.words)

    def time_documents(self) -> None:
        Documents.from_texts(self.texts, WordTokenizer(), self.vocabulary, 200)

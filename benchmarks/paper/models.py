"""Models trained, kept in files, and read with: alone, and in pairs."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import torch

from benchmarks.common import convolutional, made_once, sample
from benchmarks.paper.measures import CrossReading, Reading, measure_model, measure_pair
from benchmarks.paper.protocol import Member, Pair, Protocol, Setting
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.nn.isolation import isolated
from sklearn_irx.text import (
    AlphanumericTokenizer,
    Documents,
    TokenizedTexts,
    WordVectors,
    inference_batches,
)

OF_NOISE = ("accuracy", "words", "borders", "empty")
OF_NOISY_PAIRS = ("accuracy_1", "accuracy_2", "accuracy", "soft_voting", "agreement", "words_kept")
"""What is measured with noise left on, too."""
_BATCH_SIZE = 256


@dataclass(frozen=True)
class Workshop:
    """What all models of a run have in common.

    Attributes
    ----------
    protocol : Protocol
        How they are trained.
    vectors : Path
        File of word vectors.
    folder : Path
        Where they are kept.
    threads : int
        That torch computes with.
    """

    protocol: Protocol
    vectors: Path
    folder: Path
    threads: int

    @property
    def circumstances(self) -> dict[str, Any]:
        """What a row of results says of them."""
        return {"vectors": self.vectors.name, "share_of_texts": self.protocol.share_of_texts}

    @property
    def told(self) -> dict[str, Any]:
        """What is written down beside the rows."""
        return {
            "threads": self.threads, "vectors": self.vectors.name,
            "protocol": asdict(self.protocol),
        }  # fmt: skip

    def path(self, member: Member) -> Path:
        """Give the file of a model."""
        name = ", ".join(map(str, member.key))
        return (
            self.folder / self.vectors.name / f"{self.protocol.share_of_texts:g}" / f"{name}.joblib"
        )

    def texts(self, setting: Setting, subset: str) -> tuple[TokenizedTexts, np.ndarray]:
        """Give documents and labels."""
        share = self.protocol.share_of_texts
        return load_texts(setting.corpus, subset, share, setting.max_length)


class Trained(NamedTuple):
    """A fitted model, its row of results, and what it made of the test texts.

    As the package reads, without noise, and as the paper's program does, with noise.
    """

    classifier: SelectiveRationaleClassifier
    row: dict[str, Any]
    quiet: Reading
    noisy: Reading


@lru_cache(maxsize=4)
def load_texts(
    corpus: str, subset: str, share: float, max_length: int
) -> tuple[TokenizedTexts, np.ndarray]:
    """Give documents, split into words once for all models of a process, and labels."""
    loaded = sample(corpus, subset, share if share < 1 else None)
    return TokenizedTexts.from_texts(
        loaded.data, AlphanumericTokenizer(), max_length
    ), loaded.target


def make_model(member: Member, shop: Workshop) -> dict[str, Any]:
    """Train a model and keep it, unless it is kept already, and give its row of results."""
    trained: Trained = made_once(shop.path(member), lambda: train_model(member, shop))
    return trained.row


def train_model(member: Member, shop: Workshop) -> Trained:
    """Train a model and let it read the test texts."""
    vectors = WordVectors.load(shop.vectors)
    texts, labels = shop.texts(member.setting, "train")
    start = time.perf_counter()
    clf = convolutional(
        embeddings=vectors, tokenizer=AlphanumericTokenizer(), n_threads=shop.threads
    )
    clf.set_params(**shop.protocol.parameters(member)).fit(texts, labels)
    seconds = time.perf_counter() - start
    clf.set_params(embeddings=None)  # else every file would hold all of them
    test_texts, test_labels = shop.texts(member.setting, "test")
    y = np.searchsorted(clf.classes_, test_labels)
    quiet = Reading(*clf.predict_with_masks(test_texts))
    masks = noisy_masks(clf, test_texts, seed=100 * member.seed + member.number)
    noisy = Reading(*clf.predict_with_masks(test_texts, masks))
    found = measure_model(y, noisy, test_texts.lengths)
    row = {
        "setting": member.setting.name, "corpus": member.setting.corpus, "recipe": member.recipe,
        "lambda1": member.setting.lambda1, "lambda2": member.setting.lambda2,
        "model": member.number, "seed": member.seed, **shop.circumstances,
        "dimensions": vectors.size, "training_texts": len(texts), "test_texts": len(test_texts),
        "largest_class": largest_class(labels), **history_of(clf),
        **measure_model(y, quiet, test_texts.lengths),
        **{f"noisy_{name}": found[name] for name in OF_NOISE},
        "seconds": round(seconds, 1),
    }  # fmt: skip
    return Trained(clf, row, quiet, noisy)


def largest_class(labels: np.ndarray) -> float:
    """Give the share of the largest class, which is what knowing nothing else may reach."""
    return round(float(np.unique(labels, return_counts=True)[1].max() / len(labels)), 5)


def history_of(clf: SelectiveRationaleClassifier) -> dict[str, Any]:
    """Give what the best epoch reached on the validation texts."""
    history = clf.history_
    best = max(np.flatnonzero(history["best"]), default=len(history["best"]) - 1)
    return {
        "epochs": len(history["best"]), "best_epoch": int(history["epoch"][best]),
        **{
            f"valid_{name}": round(float(history[f"valid_{name}"][best]), 5)
            for name in ("accuracy", "words", "empty")
        },
    }  # fmt: skip


@torch.inference_mode()
def noisy_masks(clf: SelectiveRationaleClassifier, texts: TokenizedTexts, seed: int) -> np.ndarray:
    """Draw rationales as in training, and round them: so the paper's program reads test texts.

    Parameters
    ----------
    clf : SelectiveRationaleClassifier
        Fitted, with ``sampler="gumbel"``.
    texts : TokenizedTexts
        Documents.
    seed : int
        The same draws the same.

    Returns
    -------
    masks : ndarray of shape (n_documents, max_length), dtype bool
    """
    module = clf._module
    device = module.predictor.output.weight.device
    documents = Documents.from_tokenized(texts, clf.vocabulary_)
    masks = np.zeros((len(documents), clf.max_length), dtype=bool)
    with isolated(seed, clf.n_threads, device.type):
        for rows in inference_batches(documents.lengths, _BATCH_SIZE):
            ids = torch.from_numpy(documents.padded(rows)).to(device)
            scores, words, known, _ = module.scores(ids)
            # Rounded, a draw does not depend on the temperature.
            drawn = module.sampler.sample(scores, words, temperature=1.0).mask > 0.5
            masks[rows, : ids.shape[1]] = (drawn & known).cpu().numpy()
    return masks


def evaluate_pair(pair: Pair, shop: Workshop) -> dict[str, Any]:
    """Let two models that are kept exchange their rationales of all test texts."""
    start = time.perf_counter()
    one, two = (joblib.load(shop.path(member)) for member in (pair.one, pair.two))
    texts, labels = shop.texts(pair.one.setting, "test")
    y = np.searchsorted(one.classifier.classes_, labels)
    quiet, noisy = (
        measure_pair(y, exchange_of(one, two, kind, texts), texts.lengths)
        for kind in ("quiet", "noisy")
    )
    first = one.row
    return {
        **{name: first[name] for name in ("setting", "corpus", "recipe")},
        "other_setting": pair.two.setting.name, "other_recipe": pair.two.recipe,
        **{name: first[name] for name in ("lambda1", "lambda2", "seed")},
        **shop.circumstances, "dimensions": first["dimensions"], "test_texts": len(texts),
        "valid_accuracy_1": first["valid_accuracy"], "valid_accuracy_2": two.row["valid_accuracy"],
        **quiet, **{f"noisy_{name}": noisy[name] for name in OF_NOISY_PAIRS},
        "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip


def exchange_of(one: Trained, two: Trained, kind: str, texts: TokenizedTexts) -> CrossReading:
    """Let each of two models read the other's rationales of all documents."""
    own, other = getattr(one, kind), getattr(two, kind)
    return CrossReading(
        own,
        other,
        one.classifier.predict_proba(texts, masks=other.masks),
        two.classifier.predict_proba(texts, masks=own.masks),
    )

"""The textbook selective-rationale model in plain PyTorch: the yardstick of training speed.

    python benchmarks/dense.py --corpus 20newsgroups --epochs 1 --threads 2

Straightforward on purpose: each document is padded to the maximum length, both networks compute
32-bit convolutions at every position, and plain Adam trains the vectors of the whole vector file.
``throughput.py`` runs it in turn with the package. ``SKLEARN_IRX_DATA`` names the folder of the
corpora.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from common import MAX_LENGTH, load_parts, load_vectors
from torch import nn

from sklearn_irx.text import WordTokenizer, WordVectors

BATCH_SIZE = 128
WIDTHS = (3, 4, 5)
N_FILTERS = 100
HIDDEN_SIZE = 100
TEMPERATURE = 1.0
PENALTY = 0.001
"""For each selected word, and for each transition between selected and unselected words."""
PADDING, UNKNOWN = 0, 1


class Filters(nn.Module):
    """Convolutions that end at each word: (batch, size, length) to (batch, 300, length)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv1d(size, N_FILTERS, width) for width in WIDTHS])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = [
            convolution(F.pad(x, (width - 1, 0)))
            for convolution, width in zip(self.convolutions, WIDTHS, strict=True)
        ]
        return F.relu(torch.cat(features, dim=1))


class Selector(nn.Module):
    """Frozen vectors, filters, and a relaxed choice at each word: ids to a soft mask."""

    def __init__(self, table: torch.Tensor) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(table, freeze=True)
        self.filters = Filters(table.shape[1])
        self.output = nn.Linear(len(WIDTHS) * N_FILTERS, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        features = self.filters(self.vectors(ids).transpose(1, 2))
        scores = self.output(features.transpose(1, 2))
        return F.gumbel_softmax(scores, tau=TEMPERATURE)[..., 1]


class Predictor(nn.Module):
    """Trained vectors under the mask, a dense layer, filters, and their maxima: class logits."""

    def __init__(self, table: torch.Tensor, n_classes: int) -> None:
        super().__init__()
        size = table.shape[1]
        self.vectors = nn.Embedding.from_pretrained(table.clone(), freeze=False)
        self.projection = nn.Linear(size, size)
        self.filters = Filters(size)
        self.hidden = nn.Linear(len(WIDTHS) * N_FILTERS, HIDDEN_SIZE)
        self.output = nn.Linear(HIDDEN_SIZE, n_classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = self.vectors(ids) * mask.unsqueeze(2)
        seen = self.dropout(F.relu(self.projection(seen)))
        largest = self.filters(seen.transpose(1, 2)).amax(dim=2)
        return self.output(self.dropout(F.relu(self.hidden(largest))))


class DenseBaseline:
    """The model with its documents and its optimizer, to be trained an epoch at a time.

    Parameters
    ----------
    texts : sequence of str
        Documents to train on.
    labels : ndarray of shape (n_documents,)
        Their classes.
    vectors : WordVectors
        All of them are trained, whether their words occur or not.
    max_length : int
        Words of a document, the rest being cut off or padded. Padding is a word like others.
    seed : int, default=0
        For torch, whose own generator is left alone.

    Attributes
    ----------
    n_seen : int
        Documents trained on in the last epoch.
    loss, words : float
        Of its last batch: the loss in nats, and the mean sum of a mask.
    """

    def __init__(
        self,
        texts: Sequence[str],
        labels: np.ndarray,
        vectors: WordVectors,
        max_length: int,
        seed: int = 0,
    ) -> None:
        classes, numbers = np.unique(labels, return_inverse=True)
        numbering = {word: i for i, word in enumerate(vectors.words, start=UNKNOWN + 1)}
        tokenizer = WordTokenizer()
        ids = np.full((len(texts), max_length), PADDING, dtype=np.int64)
        for row, text in zip(ids, texts, strict=True):
            words = tokenizer.words(text, max_length)
            row[: len(words)] = [numbering.get(word, UNKNOWN) for word in words]
        self.ids = torch.from_numpy(ids)
        self.y = torch.from_numpy(numbers)
        table = torch.from_numpy(np.pad(vectors.vectors, ((UNKNOWN + 1, 0), (0, 0))))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.selector = Selector(table)
            self.predictor = Predictor(table, len(classes))
            self.random_state = torch.get_rng_state()
        trained = [w for w in self._weights() if w.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=1e-3, weight_decay=5e-6)

    def _weights(self) -> list[nn.Parameter]:
        return [*self.selector.parameters(), *self.predictor.parameters()]

    def train_epoch(self, max_batches: int | None = None) -> float:
        """Train on all documents once, or on so many batches of them, and give the seconds."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.random_state)
            start = time.perf_counter()
            self.n_seen = 0
            for rows in islice(torch.randperm(len(self.y)).split(BATCH_SIZE), max_batches):
                self._train_step(self.ids[rows], self.y[rows])
                self.n_seen += len(rows)
            seconds = time.perf_counter() - start
            self.random_state = torch.get_rng_state()
        self.loss, self.words = float(self._loss), float(self._words)
        return seconds

    def _train_step(self, ids: torch.Tensor, y: torch.Tensor) -> None:
        mask = self.selector(ids)
        words = mask.sum(dim=1).mean()
        transitions = mask.diff(dim=1).abs().sum(dim=1).mean()
        loss = F.cross_entropy(self.predictor(ids, mask), y) + PENALTY * (words + transitions)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self._loss, self._words = loss.detach(), words.detach()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", choices=list(MAX_LENGTH), default="20newsgroups")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--documents", type=int, help="train on so many only")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    (texts, y), _ = load_parts(args.corpus, args.documents)
    model = DenseBaseline(texts, y, load_vectors(), MAX_LENGTH[args.corpus])
    speeds = []
    for epoch in range(1, args.epochs + 1):
        seconds = model.train_epoch()
        speeds.append(model.n_seen / seconds)
        print(f"epoch {epoch}: {seconds:.1f} s, loss {model.loss:.3f}", flush=True)
    print(f"{np.median(speeds):.1f} documents/s")


if __name__ == "__main__":
    main()

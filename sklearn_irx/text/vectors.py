"""Word vectors: read from files, downloaded or trained by gensim, given as NumPy arrays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, filterfalse, islice, repeat, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_irx.text.vector_files import READING_ERRORS, read_vectors
from sklearn_irx.text.vocabulary import Vocabulary
from sklearn_irx.text.words import pack_words, unpack_words

_TRAINED_SIZE = 100
_TRAINING_EPOCHS = 10
_TRAINED_DEVIATION = 0.4  # about that of the components of GloVe vectors


class WordVectors:
    """Vectors of words, by word; copies of the object share one array.

    scikit-learn's ``clone`` and ``GridSearchCV`` copy their parameters: a ``KeyedVectors`` given
    to an estimator is copied for every candidate and fold, a `WordVectors` is not. A pickle of an
    estimator, fitted or not, holds the vectors it was given; if it was given a path, it holds that.

    Parameters
    ----------
    words : sequence of str
        The words.
    vectors : array of shape (len(words), size)
        A row for each word. Kept as float32.

    Raises
    ------
    ValueError
        If `vectors` is not two-dimensional with a row for each word, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.text import WordVectors
    >>> vectors = WordVectors(["good", "bad"], np.array([[1.0, 0.5], [-1.0, 0.5]]))
    >>> vectors.rows(["bad", "unheard"])
    array([[-1. ,  0.5],
           [ 0. ,  0. ]], dtype=float32)
    """

    def __init__(self, words: Sequence[str], vectors: np.ndarray) -> None:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            array = np.asarray(vectors, dtype=np.float32)
        if array.ndim != 2 or len(array) != len(words):
            raise ValueError(
                f"vectors has shape {array.shape}: give one row for each of the {len(words)} words."
            )
        if not np.isfinite(array).all():
            raise ValueError("vectors holds NaN or infinite values: give finite ones.")
        self.words = list(words)
        self.vectors = array
        self._places = {word: i for i, word in enumerate(self.words)}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> WordVectors:
        """Read a file of GloVe or word2vec text, or of word2vec binary (``.bin``).

        Parameters
        ----------
        path : str or path-like
            Plain, or compressed if the name ends in ``.gz``, ``.bz2`` or ``.xz``. The last file
            read is kept in memory as long as it does not change on disk.

        Raises
        ------
        ValueError
            If the file is not there or holds no word vectors.
        """
        file = Path(path)
        try:
            stat = file.stat()
            return _read(str(file.resolve()), stat.st_mtime_ns, stat.st_size)
        except READING_ERRORS as error:
            raise ValueError(
                f"embeddings={str(path)!r} cannot be read as word vectors ({error}): give a file "
                "of GloVe or word2vec text, or of word2vec binary if its name ends in .bin."
            ) from error

    @classmethod
    def download(cls, name: str) -> WordVectors:
        """Fetch a data set that ``gensim.downloader`` knows, "glove-wiki-gigaword-100" say.

        Raises
        ------
        ValueError
            If there is neither a file nor a data set of that name, or it could not be fetched.
        """
        import gensim.downloader

        try:
            return cls.from_keyed_vectors(gensim.downloader.load(name))
        except (OSError, ValueError) as error:
            raise ValueError(
                f"embeddings={name!r} is neither a file that exists nor a data set that "
                f"gensim.downloader can fetch now ({error}): give the path of a vectors file, or "
                "a name from gensim.downloader.info()."
            ) from error

    @classmethod
    def from_keyed_vectors(cls, keyed: Any) -> WordVectors:
        """Take over the words and vectors of a gensim ``KeyedVectors``."""
        return cls(keyed.index_to_key, keyed.vectors)

    @classmethod
    def train(cls, documents: Sequence[Sequence[str]], seed: int) -> WordVectors:
        """Train skip-gram vectors of 100 dimensions on `documents`.

        Parameters
        ----------
        documents : sequence of sequences of str
            The words of each document; at least one word in all.
        seed : int
            The same seed gives the same vectors: training runs on one thread.
        """
        from gensim.models import Word2Vec

        model = Word2Vec(
            documents, vector_size=_TRAINED_SIZE, min_count=1, sg=1, window=5, workers=1,
            epochs=_TRAINING_EPOCHS, seed=seed,
        )  # fmt: skip
        # Trained on little text, vectors stay near their tiny start, and networks that read them
        # hardly learn.
        scale = _TRAINED_DEVIATION / np.sqrt(np.mean(np.square(model.wv.vectors)))
        return cls(model.wv.index_to_key, scale * model.wv.vectors)

    @property
    def size(self) -> int:
        """Length of a vector."""
        return self.vectors.shape[1]

    def rows(self, words: Sequence[str]) -> np.ndarray:
        """Give the vector of each word, zeros where there is none: (len(words), size)."""
        places = np.fromiter(map(self._places.get, words, repeat(-1)), np.int64, len(words))
        rows = np.zeros((len(words), self.size), dtype=np.float32)
        rows[places >= 0] = self.vectors[places[places >= 0]]
        return rows

    def __getstate__(self) -> dict[str, Any]:
        return {"words": pack_words(self.words), "vectors": self.vectors}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vectors = state["vectors"]
        file = _file_of(vectors)
        if file is not None and file == _latest.get("file"):
            self.__dict__.update(_latest["vectors"].__dict__)
            return
        words = unpack_words(state["words"], len(vectors))
        self.__init__(words, vectors)  # type: ignore[misc]
        if file is not None:
            _latest.update(file=file, vectors=self)

    def __copy__(self) -> WordVectors:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> WordVectors:
        return self

    def __repr__(self) -> str:
        return f"<WordVectors of {len(self.words)} words in {self.size} dimensions>"


_latest: dict[str, Any] = {}
"""The vectors mapped into memory from a file last, and what tells the file from others.

joblib gives each fit of a grid a pickle of the same vectors: a process makes its words out once.
"""


def _file_of(vectors: np.ndarray) -> tuple[Any, ...] | None:
    """Tell the place in a file that an array is mapped from, or None if it is not."""
    if not isinstance(vectors, np.memmap) or vectors.filename is None:
        return None
    try:
        found = os.stat(vectors.filename)
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, vectors.offset, vectors.shape)


@lru_cache(maxsize=1)
def _read(path: str, modified: int, size: int) -> WordVectors:  # noqa: ARG001
    """Read a file; `modified` and `size` tell a changed file from the one in the cache."""
    return WordVectors(*read_vectors(Path(path)))


def load_embeddings(embeddings: Any) -> list[WordVectors | None]:
    """Read everything that the parameter ``embeddings`` of an estimator names.

    Parameters
    ----------
    embeddings : None, str, path-like, WordVectors, KeyedVectors, or a list of these
        None stands for vectors to be trained on the training texts.

    Returns
    -------
    sources : list of WordVectors or None
        None again for those still to be trained.

    Raises
    ------
    ValueError
        If one cannot be read.
    TypeError
        If one is something else, or the list is empty.
    """
    if isinstance(embeddings, (list, tuple)):
        if not embeddings:
            raise TypeError("embeddings=[] names no word vectors: give None to train them.")
        return [source for part in embeddings for source in load_embeddings(part)]
    if embeddings is None:
        return [None]
    if isinstance(embeddings, WordVectors):
        return [embeddings]
    if hasattr(embeddings, "index_to_key") and hasattr(embeddings, "vectors"):
        return [WordVectors.from_keyed_vectors(embeddings)]
    if isinstance(embeddings, (str, os.PathLike)):
        looks_like_path = not isinstance(embeddings, str) or any(c in embeddings for c in "./\\")
        if looks_like_path or Path(embeddings).exists():
            return [WordVectors.load(embeddings)]
        return [WordVectors.download(str(embeddings))]
    raise TypeError(
        f"embeddings={embeddings!r} is a {type(embeddings).__name__}: give None, a path, the name "
        "of a gensim.downloader data set, WordVectors, KeyedVectors, or a list of these."
    )


def embedding_matrix(sources: Sequence[WordVectors], vocabulary: Vocabulary) -> np.ndarray:
    """Give the vectors of all known words, those of several sources concatenated.

    Parameters
    ----------
    sources : sequence of WordVectors
        Where to look them up.
    vocabulary : Vocabulary
        The known words.

    Returns
    -------
    matrix : ndarray of shape (len(vocabulary), size), dtype float32
        Zeros for padding, for the unknown word, and where a source has no vector.
    """
    known = _side_by_side(sources, vocabulary.words)
    reserved = np.zeros((len(vocabulary) - len(known), known.shape[1]), dtype=np.float32)
    return np.concatenate([reserved, known])


def find_unseen_words(
    sources: Sequence[WordVectors], vocabulary: Vocabulary, limit: int | None
) -> list[str]:
    """Find words that have a vector and are not known.

    Parameters
    ----------
    sources : sequence of WordVectors
        Where to look. Files of word vectors mostly have frequent words first.
    vocabulary : Vocabulary
        The known words.
    limit : int or None
        Words to find at most: the first of all sources, then the second, and so on.
    """
    in_turn = chain.from_iterable(zip_longest(*(source.words for source in sources)))
    found = dict.fromkeys(filterfalse(vocabulary.__contains__, in_turn))
    found.pop(None, None)  # what zip_longest fills up with
    return list(islice(found, limit))


def unseen_matrix(sources: Sequence[WordVectors], vocabulary: Vocabulary) -> np.ndarray:
    """Give the vectors of all unseen words, those of several sources concatenated.

    Returns
    -------
    matrix : ndarray of shape (len(vocabulary.unseen_words), size), dtype float16
        Or float32, if a value is too large for 16 bits. Zeros where a source has no vector.
    """
    matrix = _side_by_side(sources, vocabulary.unseen_words)
    largest = float(np.abs(matrix).max(initial=0.0))
    return matrix.astype(np.min_scalar_type(largest))


def _side_by_side(sources: Sequence[WordVectors], words: Sequence[str]) -> np.ndarray:
    return np.concatenate([source.rows(words) for source in sources], axis=1)

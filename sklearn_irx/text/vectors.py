"""Word vectors: from files, downloads or training with gensim, or NumPy arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, filterfalse, islice, repeat, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_irx._stages import expect, step
from sklearn_irx.text.normalize import normalize_word
from sklearn_irx.text.vector_files import READING_ERRORS, read_vectors
from sklearn_irx.text.vocabulary import Vocabulary
from sklearn_irx.text.words import pack_words, unpack_words

_TRAINED_SIZE = 100
_TRAINING_EPOCHS = 10
_TRAINED_DEVIATION = 0.4  # about that of the components of GloVe vectors


class WordVectors:
    """A mapping from words to vectors; copies of the object share one array.

    scikit-learn's ``clone`` and ``GridSearchCV`` copy parameters: they copy a ``KeyedVectors`` for
    every candidate and fold, but not a `WordVectors`. A pickle of an estimator, fitted or not,
    contains the vectors passed to it, or only the path if a path was passed.

    A word is found as it stands, and also in the form of :func:`normalize_word`, as tokenizers
    return it: "Café" is found as "café", unless "café" has a vector of its own.

    Parameters
    ----------
    words : sequence of str
        The words.
    vectors : array of shape (len(words), size)
        A row for each word. Kept as float32.

    Raises
    ------
    ValueError
        If `vectors` is not a finite two-dimensional array with one row per word.

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
        with np.errstate(over="ignore"):  # overflow gives infinity, which is rejected
            array = np.asarray(vectors, dtype=np.float32)
        if array.ndim != 2 or len(array) != len(words):
            raise ValueError(
                f"vectors has shape {array.shape}: give one row for each of the {len(words)} words."
            )
        if not np.isfinite(array).all():
            raise ValueError("vectors contains NaN or infinite values: give finite ones.")
        self.words = list(words)
        self.vectors = array
        self._index = {word: i for i, word in enumerate(self.words)}
        # Tokenizers normalize words: those of the vectors are found in that form, too.
        for i, word in enumerate(self.words):
            self._index.setdefault(normalize_word(word), i)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> WordVectors:
        """Read a file of GloVe or word2vec text, or of word2vec binary (``.bin``).

        Parameters
        ----------
        path : str or path-like
            Compressed if its name ends in ``.gz``, ``.bz2`` or ``.xz``. The last file read is
            cached in memory until it changes on disk.

        Raises
        ------
        ValueError
            If the file does not exist or contains no word vectors.
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
        """Download a data set of ``gensim.downloader``, for example "glove-wiki-gigaword-100".

        Raises
        ------
        ValueError
            If no file or data set has that name, or the download failed.
        """
        import gensim.downloader

        try:
            return cls.from_keyed_vectors(gensim.downloader.load(name))
        except (OSError, ValueError) as error:
            raise ValueError(
                f"embeddings={name!r} is neither an existing file nor a data set that "
                f"gensim.downloader can download now ({error}): give the path of a file of word "
                "vectors, or a name from gensim.downloader.info()."
            ) from error

    @classmethod
    def from_keyed_vectors(cls, keyed: Any) -> WordVectors:
        """Convert a gensim ``KeyedVectors``."""
        return cls(keyed.index_to_key, keyed.vectors)

    @classmethod
    def train(cls, documents: Sequence[Sequence[str]], seed: int) -> WordVectors:
        """Train skip-gram vectors of 100 dimensions on `documents`.

        Parameters
        ----------
        documents : sequence of sequences of str
            The words of each document; at least one word in all.
        seed : int
            Training runs on one thread, so equal seeds produce equal vectors.
        """
        from gensim.models import Word2Vec
        from gensim.models.callbacks import CallbackAny2Vec

        class EpochSteps(CallbackAny2Vec):
            def on_epoch_end(self, model: Word2Vec) -> None:  # noqa: ARG002
                step()

        expect(_TRAINING_EPOCHS)
        model = Word2Vec(
            documents, vector_size=_TRAINED_SIZE, min_count=1, sg=1, window=5, workers=1,
            epochs=_TRAINING_EPOCHS, seed=seed, callbacks=[EpochSteps()],
        )  # fmt: skip
        # With little text, vectors stay near their tiny initial values, and networks learn too
        # slowly from them.
        scale = _TRAINED_DEVIATION / np.sqrt(np.mean(np.square(model.wv.vectors)))
        return cls(model.wv.index_to_key, scale * model.wv.vectors)

    @property
    def size(self) -> int:
        """Number of dimensions."""
        return self.vectors.shape[1]

    def rows(self, words: Sequence[str]) -> np.ndarray:
        """Return the vector of each word, or zeros if it has none: (len(words), size)."""
        positions = np.fromiter(map(self._index.get, words, repeat(-1)), np.int64, len(words))
        rows = np.zeros((len(words), self.size), dtype=np.float32)
        rows[positions >= 0] = self.vectors[positions[positions >= 0]]
        return rows

    def __contains__(self, word: str) -> bool:
        return word in self._index

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
"""The vectors memory-mapped last, and the identity of their file.

joblib sends each fit of a grid a pickle of the same vectors: a process unpacks the words only once.
"""


def _file_of(vectors: np.ndarray) -> tuple[Any, ...] | None:
    """Return the identity of the file region an array is mapped from, or None if it is not."""
    if not isinstance(vectors, np.memmap) or vectors.filename is None:
        return None
    try:
        stat = os.stat(vectors.filename)
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino, stat.st_mtime_ns, vectors.offset, vectors.shape)


@lru_cache(maxsize=1)
def _read(path: str, modified: int, size: int) -> WordVectors:  # noqa: ARG001
    """Read a file; `modified` and `size` are cache keys that detect a changed file."""
    return WordVectors(*read_vectors(Path(path)))


def load_embeddings(embeddings: Any) -> list[WordVectors | None]:
    """Load the word vectors given as the parameter ``embeddings`` of an estimator.

    Parameters
    ----------
    embeddings : None, str, path-like, WordVectors, KeyedVectors, or a list of these
        None means vectors to be trained on the training texts.

    Returns
    -------
    sources : list of WordVectors or None
        None for vectors that remain to be trained.

    Raises
    ------
    ValueError
        If one cannot be read.
    TypeError
        If one has another type, or the list is empty.
    """
    if isinstance(embeddings, (list, tuple)):
        if not embeddings:
            raise TypeError("embeddings=[] is an empty list: give None to train word vectors.")
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
    """Return the vectors of all known words, concatenated over the sources.

    Parameters
    ----------
    sources : sequence of WordVectors
        The sources of vectors.
    vocabulary : Vocabulary
        The known words.

    Returns
    -------
    matrix : ndarray of shape (len(vocabulary), size), dtype float32
        Zeros for padding, the unknown word, and words without a vector in a source.
    """
    known = _concatenated(sources, vocabulary.words)
    reserved = np.zeros((len(vocabulary) - len(known), known.shape[1]), dtype=np.float32)
    return np.concatenate([reserved, known])


def find_unseen_words(
    sources: Sequence[WordVectors],
    vocabulary: Vocabulary,
    limit: int | None,
    form: Callable[[str], str] = str,
) -> list[str]:
    """Find unseen words: out-of-vocabulary words with a pretrained vector.

    Parameters
    ----------
    sources : sequence of WordVectors
        The sources of vectors. Most files of word vectors begin with frequent words.
    vocabulary : Vocabulary
        The known words.
    limit : int or None
        Maximum number of words: first the first word of each source, then the second, and so on.
    form : callable, default=str
        Maps a word of the sources to the form in which texts have it.
    """
    in_turn = chain.from_iterable(zip_longest(*(source.words for source in sources)))
    words = (form(word) for word in in_turn if word is not None)  # the fill value of zip_longest
    found = dict.fromkeys(filterfalse(vocabulary.__contains__, words))
    return list(islice(found, limit))


def unseen_matrix(sources: Sequence[WordVectors], vocabulary: Vocabulary) -> np.ndarray:
    """Return the vectors of all unseen words, concatenated over the sources.

    Returns
    -------
    matrix : ndarray of shape (len(vocabulary.unseen_words), size), dtype float16
        Or float32 if a value is too large for float16. Zeros where a source has no vector.
    """
    matrix = _concatenated(sources, vocabulary.unseen_words)
    largest = float(np.abs(matrix).max(initial=0.0))
    return matrix.astype(np.min_scalar_type(largest))


def _concatenated(sources: Sequence[WordVectors], words: Sequence[str]) -> np.ndarray:
    return np.concatenate([source.rows(words) for source in sources], axis=1)

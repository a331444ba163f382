"""Loaders of the two corpora of the paper."""

from __future__ import annotations

import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from numbers import Integral
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from sklearn.datasets import fetch_20newsgroups
from sklearn.utils import Bunch

from sklearn_irx._compat import (
    strip_newsgroup_footer,
    strip_newsgroup_header,
    strip_newsgroup_quoting,
)

_PAPER_WORDS: dict[str, int | None] = {"20newsgroups": 80, "imdb": 200}
_SUBSETS = ("train", "test")
_IMDB_PAGE = "https://ai.stanford.edu/~amaas/data/sentiment/"
_IMDB_ARCHIVE = "aclImdb_v1.tar.gz"
_IMDB_MEMBER = re.compile(r"(.*/)?(train|test)/(neg|pos)/\d+_\d+\.txt")
_WORD = re.compile(
    r"\w+"
)  # those of AlphanumericTokenizer; lazy, so that it stops at the last word kept


def load_corpus(
    name: str,
    *,
    subset: str = "train",
    max_words: int | str | None = "paper",
    data_home: str | os.PathLike[str] | None = None,
) -> Bunch:
    """Load 20 Newsgroups or the Large Movie Review data as Dai et al. (2022) use them.

    Headers, footers and quotes of 20 Newsgroups are removed as by
    :func:`sklearn.datasets.fetch_20newsgroups`; ``<br />`` in movie reviews becomes a space. Case
    and punctuation stay.

    Parameters
    ----------
    name : {"20newsgroups", "imdb"}
        Name of the corpus.
    subset : {"train", "test"}, default="train"
        The published split.
    max_words : int, "paper" or None, default="paper"
        Maximum number of words of :class:`~sklearn_irx.text.AlphanumericTokenizer` in a text; the
        rest is cut off. "paper" is 80 for 20 Newsgroups and 200 for IMDB; None does not truncate.
    data_home : str or path-like, default=None
        Location of the corpus. Either corpus can be a file ``20newsgroups.parquet`` or
        ``imdb.parquet`` in this folder (columns ``split``, ``label`` and ``text``, texts as
        published). Otherwise, for 20 Newsgroups it is scikit-learn's data folder, to which the
        corpus is downloaded if missing; for IMDB the archive ``aclImdb_v1.tar.gz``, the folder
        ``aclImdb`` unpacked from it, or a folder that contains one of them, without a download.
        None means the folder in the environment variable ``SKLEARN_IRX_DATA`` if it contains the
        corpus, otherwise scikit-learn's data folder.

    Returns
    -------
    corpus : :class:`~sklearn.utils.Bunch`
        ``data``, list of str: the texts. ``target``, ndarray of shape (n_samples,), dtype str:
        the name of the group, or "neg" or "pos". ``target_names``, list of str, sorted.
        ``name``, str: `name`.

    Raises
    ------
    ValueError
        If `name`, `subset` or `max_words` is not among the above, or the IMDB archive is damaged.
    OSError
        If the corpus is missing and cannot be downloaded.
    ImportError
        If the corpus is a Parquet file, but pandas or pyarrow is not installed.

    References
    ----------
    K. Lang, "NewsWeeder: Learning to filter netnews", 1995. A. L. Maas et al., "Learning word
    vectors for sentiment analysis", 2011.

    Examples
    --------
    >>> from sklearn_irx.datasets import load_corpus
    >>> train = load_corpus("imdb", data_home="aclImdb_v1.tar.gz")  # doctest: +SKIP
    >>> len(train.data), train.target_names  # doctest: +SKIP
    (25000, ['neg', 'pos'])
    """
    if name not in _PAPER_WORDS:
        raise ValueError(f"name={name!r} is not a known corpus: give one of {list(_PAPER_WORDS)}.")
    if subset not in _SUBSETS:
        raise ValueError(f"subset={subset!r} does not exist: give one of {list(_SUBSETS)}.")
    limit = _PAPER_WORDS[name]
    if max_words != "paper":
        limit = _word_limit(max_words, ', "paper" or None')
    texts, target = _load(name, subset, data_home)
    return Bunch(
        data=[_truncated(text, limit) for text in texts],
        target=target,
        target_names=sorted({str(label) for label in target}),
        name=name,
    )


def _word_limit(max_words: Any, otherwise: str = " or None") -> int | None:
    if max_words is None:
        return None
    if not isinstance(max_words, Integral) or isinstance(max_words, bool) or int(max_words) < 1:
        raise ValueError(
            f"max_words={max_words!r} is not a limit: give an integer of at least 1{otherwise}."
        )
    return int(max_words)


def _truncated(text: str, limit: int | None) -> str:
    if limit is None:
        return text
    last = next(islice(_WORD.finditer(text), limit - 1, None), None)
    return text if last is None else text[: last.end()]


def _load(
    name: str, subset: str, data_home: str | os.PathLike[str] | None
) -> tuple[Iterable[str], np.ndarray]:
    folder = data_home if data_home is not None else os.environ.get("SKLEARN_IRX_DATA")
    if folder and (table := Path(folder, f"{name}.parquet")).is_file():
        rows = _from_parquet(table, subset, ["label", "text"])
        texts, target = rows["text"].tolist(), rows["label"].to_numpy(dtype=str)
        return map(_clean_post if name == "20newsgroups" else _clean_review, texts), target
    if name == "20newsgroups":
        return _fetched_20newsgroups(subset, data_home)
    reviews = sorted(_imdb_files(subset, data_home))
    if not reviews:
        raise ValueError(
            f"data_home={str(data_home)!r} contains no {subset} reviews: give {_IMDB_ARCHIVE} as "
            f"published at {_IMDB_PAGE}, or the folder unpacked from it."
        )
    target = np.array([label for label, _, _ in reviews])
    return (_clean_review(text) for _, _, text in reviews), target


def _clean_post(text: str) -> str:
    return strip_newsgroup_quoting(strip_newsgroup_footer(strip_newsgroup_header(text)))


def _clean_review(text: str) -> str:
    return text.replace("<br />", " ")


def _from_parquet(table: Path, subset: str, columns: list[str]) -> Any:
    """Return the rows of `subset` as a data frame with `columns`."""
    try:
        import pandas as pd

        frame = pd.read_parquet(table, columns=["split", *columns])
    except ImportError as error:
        raise ImportError(
            f"{table} requires pandas and pyarrow: pip install 'sklearn-irx[cli]'."
        ) from error
    return frame[frame["split"] == subset]


def _fetched_20newsgroups(
    subset: str, data_home: str | os.PathLike[str] | None
) -> tuple[list[str], np.ndarray]:
    try:
        posts = fetch_20newsgroups(
            data_home=data_home,
            subset=subset,
            shuffle=False,
            remove=("headers", "footers", "quotes"),
        )
    except OSError as error:
        raise OSError(
            "20 Newsgroups is not on this machine and could not be downloaded: go online, or copy "
            "the data_home of sklearn.datasets.fetch_20newsgroups from elsewhere and give its path."
        ) from error
    return posts.data, np.array(posts.target_names)[posts.target]


def _imdb_files(
    subset: str, data_home: str | os.PathLike[str] | None
) -> Iterator[tuple[str, str, str]]:
    """Yield label, file name and text of each review, from the archive or the unpacked folder."""
    if data_home is not None:
        home = Path(data_home)
        if home.is_file():
            yield from _archived_reviews(home, subset)
            return
        for folder in (home, home / "aclImdb"):
            if (folder / subset).is_dir():
                yield from _unpacked_reviews(folder, subset)
                return
        if (archive := home / _IMDB_ARCHIVE).is_file():
            yield from _archived_reviews(archive, subset)
            return
    raise FileNotFoundError(
        f"The Large Movie Review data is not at data_home={_shown(data_home)}: download "
        f"{_IMDB_ARCHIVE} from {_IMDB_PAGE} and give its path as data_home."
    )


def _shown(data_home: str | os.PathLike[str] | None) -> str:
    return "None" if data_home is None else repr(os.fspath(data_home))


def _unpacked_reviews(folder: Path, subset: str) -> Iterator[tuple[str, str, str]]:
    for label in ("neg", "pos"):
        for file in (folder / subset / label).glob("*.txt"):
            yield label, file.name, file.read_text(encoding="utf-8")


def _archived_reviews(archive: Path, subset: str) -> Iterator[tuple[str, str, str]]:
    for path, text in _archived_texts(archive, _IMDB_MEMBER, _IMDB_ARCHIVE, _IMDB_PAGE):
        if path.parts[-3] == subset:
            yield path.parts[-2], path.name, text


def _archived_texts(
    archive: Path, wanted: re.Pattern[str], published: str, page: str
) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield path and text of each file of a tar archive whose whole path matches `wanted`.

    The archive is streamed: nothing is written to disk.
    """
    try:
        with tarfile.open(archive, "r|*") as members:
            for member in members:
                path = PurePosixPath(member.name)
                if not (member.isfile() and wanted.fullmatch(str(path))):
                    continue
                if content := members.extractfile(member):
                    yield path, content.read().decode("utf-8")
    except (tarfile.TarError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(
            f"data_home={str(archive)!r} is not a complete tar archive: download {published} "
            f"again from {page}."
        ) from error

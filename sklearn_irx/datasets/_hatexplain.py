"""Reader of HateXplain: posts, and the words that each of three annotators marked in them."""

from __future__ import annotations

import json
import os
import reprlib
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from sklearn_irx.datasets._annotation_files import WrongEntryError, checked, reading, value_of
from sklearn_irx.datasets._corpora import _word_limit
from sklearn_irx.datasets._digests import Digest, check_content, check_digests
from sklearn_irx.datasets._eraser import one_word
from sklearn_irx.datasets._leaks import check_repair, without_leaks

_POSTS, _DIVISION = "dataset.json", "post_id_divisions.json"
_PARTS = ("train", "val", "test")
_KEPT_APART = {"train": ("val", "test"), "val": ("test",)}
"""The parts with which a part must share no post."""

_LABELS = ("hatespeech", "normal", "offensive")
_UNDECIDED = "undecided"
_COMBINED = ("half", "union", "all")
_MOST_BYTES = 2**28  # parsed, JSON takes some ten times as much memory
_PAGE = "https://github.com/hate-alert/HateXplain"
_AGAIN = f"correct it, or download the file again from {_PAGE}"


class _Post(NamedTuple):
    id: str
    words: list[str]
    label: str
    communities: tuple[str, ...]
    marks: np.ndarray
    """Of shape (n_rationales, n_words), dtype bool: those that have a mark for each word."""
    n_misfits: int
    """Number of rationales with fewer or more marks than words."""


def read_hatexplain(
    path: str | os.PathLike[str],
    subset: str = "train",
    *,
    combine: str = "half",
    soft: bool = False,
    undecided: bool = False,
    repair: str | None = None,
    max_words: int | None = None,
    digest: Digest = None,
) -> Bunch:
    """Load HateXplain, posts with the labels and rationales of three annotators each.

    The posts are published as tokens: use classifiers with ``tokenizer=WhitespaceTokenizer()``, so
    that their words are those of the masks. Whitespace within a token becomes an underscore, so
    that the token stays one word. Many posts are hateful. Nothing is downloaded.

    Parameters
    ----------
    path : str or path-like
        The folder ``Data`` of the published repository, with ``dataset.json`` and
        ``post_id_divisions.json``, or a folder that contains it. The files are not trusted, and
        nothing in them is run.
    subset : {"train", "val", "test", "all"}, default="train"
        Part of the published division; "all" are the posts of ``dataset.json``, some of which are
        in no part.
    combine : {"half", "union", "all"}, default="half"
        Words of a rationale: those that at least half of the annotators marked who gave a
        rationale, those that any of them marked, as in the authors' evaluation, or those that all
        marked. Of two rationales, "half" is the same as "union".
    soft : bool, default=False
        Whether to return ``soft_masks`` too.
    undecided : bool, default=False
        Whether to keep posts without a label of more than half of their annotators, as
        "undecided". No part of the published division has any.
    repair : {"leaks"} or None, default=None
        "leaks" leaves posts out of "train" whose texts occur in "val" or "test", and out of "val"
        those in "test". Texts are the same if they differ in whitespace and case alone. None
        returns what was published, with a warning if there are such posts.
    max_words : int or None, default=None
        Texts and masks are truncated to this many words. None does not truncate.
    digest : str, mapping from str to str, or None, default=None
        The SHA-256 that is expected of ``dataset.json``, in hexadecimal, compared before anything
        is read; or a mapping from the names of the two files to theirs.

    Returns
    -------
    corpus : :class:`~sklearn.utils.Bunch`
        An entry for each post, in the order of the division, or of ``dataset.json`` with "all":

        - ``texts``, list of str: its words, joined by single spaces.
        - ``target``, ndarray of shape (n_samples,), dtype str: the label that more than half of
          its annotators gave, "hatespeech", "normal" or "offensive".
        - ``rationales``, list: for each post a boolean array of shape (n_words,), True for the
          words of `combine`; None where no annotator gave a rationale, as in normal posts. What
          ``fit(..., rationales=)`` takes.
        - ``masks``, ndarray of shape (n_samples, longest text), dtype bool: the same, False
          where there is none. What metrics take.
        - ``annotated``, ndarray of shape (n_samples,), dtype bool: where there is a rationale.
        - ``soft_masks``, ndarray of shape (n_samples, longest text), dtype float, if `soft`: the
          share of the rationales in which a word is marked; nan past the end of a text and where
          there is no rationale.
        - ``n_rationales``, ndarray of shape (n_samples,), dtype int: how many there are.
        - ``communities``, list of tuples of str: the targets that more than half of its annotators
          named, sorted, without "None".
        - ``ids``, list of str: its id.

        And ``target_names``, list of str, sorted, and ``n_left_out``, int: the number of posts that
        `repair` left out.

    Warns
    -----
    UserWarning
        If rationales have more or fewer marks than their posts have words, as those of one
        published post have: these are not counted. If `repair` is None, and posts of "train" or
        "val" occur in a part with which they must share none.

    Raises
    ------
    ValueError
        If a parameter is not among the above, a file is not JSON or not the one of `digest`, an
        entry is not as published, or the division names a post twice or one that is missing.
    FileNotFoundError
        If a file is missing.

    See Also
    --------
    read_eraser : The data sets of the ERASER benchmark.
    read_r2a : BeerAdvocate and HotelReview.

    References
    ----------
    B. Mathew et al., "HateXplain: A Benchmark Dataset for Explainable Hate Speech Detection", AAAI
    2021 (https://github.com/hate-alert/HateXplain).

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_irx.datasets import read_hatexplain
    >>> said = lambda *labels: [{"label": label, "target": ["None"]} for label in labels]
    >>> posts = {
    ...     "1_gab": {
    ...         "annotators": said("offensive", "normal", "offensive"),
    ...         "rationales": [[0, 1, 1], [0, 0, 1]],
    ...         "post_tokens": ["those", "rotten", "cyclists"],
    ...     },
    ...     "2_gab": {
    ...         "annotators": said("normal", "normal", "normal"),
    ...         "rationales": [],
    ...         "post_tokens": ["nice", "weather"],
    ...     },
    ... }
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "dataset.json").write_text(json.dumps(posts))
    ...     division = {"train": ["2_gab", "1_gab"], "val": [], "test": []}
    ...     _ = Path(folder, "post_id_divisions.json").write_text(json.dumps(division))
    ...     train = read_hatexplain(folder, "train", combine="all", soft=True)
    >>> train.texts, train.target.tolist()
    (['nice weather', 'those rotten cyclists'], ['normal', 'offensive'])
    >>> train.rationales
    [None, array([False, False,  True])]
    >>> train.soft_masks
    array([[nan, nan, nan],
           [0. , 0.5, 1. ]])
    """
    for name, value, known in (
        ("subset", subset, (*_PARTS, "all")),
        ("combine", combine, _COMBINED),
    ):
        if value not in known:
            raise ValueError(f"{name}={value!r} does not exist: give one of {list(known)}.")
    check_repair(repair)
    limit = _word_limit(max_words)
    folder = _folder(Path(path))
    digests = check_digests(digest, _POSTS, (_POSTS, _DIVISION))
    posts = _posts(folder / _POSTS, digests.get(_POSTS))
    parts = _division(folder / _DIVISION, digests.get(_DIVISION), posts)
    found = {
        part: [posts[id_] for id_ in ids if undecided or posts[id_].label != _UNDECIDED]
        for part, ids in {**parts, "all": list(posts)}.items()
    }
    own = found[subset]
    _warn_of_misfits(own, folder / _POSTS)
    others = {
        other: [" ".join(post.words) for post in found[other]]
        for other in _KEPT_APART.get(subset, ())
    }
    kept = without_leaks([" ".join(post.words) for post in own], subset, others, repair)
    n_left_out = len(own) - int(kept.sum())
    own = [post for post, stays in zip(own, kept, strict=True) if stays]
    if not own:
        raise ValueError(
            f"path={str(folder)!r} has no post in {subset!r}: give another subset, or download the "
            f"files again from {_PAGE}."
        )
    return _bunch(own, combine, limit, soft=soft, n_left_out=n_left_out)


def _bunch(
    posts: list[_Post], combine: str, limit: int | None, *, soft: bool, n_left_out: int
) -> Bunch:
    words = [post.words[:limit] for post in posts]
    shape = len(posts), max(map(len, words))
    masks, shares = np.zeros(shape, dtype=bool), np.full(shape, np.nan)
    rationales: list[np.ndarray | None] = []
    for row, (post, of_post) in enumerate(zip(posts, words, strict=True)):
        if not len(post.marks):
            rationales.append(None)
            continue
        n_marks, n = post.marks[:, : len(of_post)].sum(axis=0), len(post.marks)
        least = {"half": n / 2, "union": 1, "all": n}[combine]
        rationales.append(n_marks >= least)
        masks[row, : len(of_post)] = n_marks >= least
        shares[row, : len(of_post)] = n_marks / n
    target = np.array([post.label for post in posts])
    return Bunch(
        texts=[" ".join(of_post) for of_post in words],
        target=target,
        target_names=sorted({str(label) for label in target}),
        rationales=rationales,
        masks=masks,
        annotated=np.array([rationale is not None for rationale in rationales]),
        **({"soft_masks": shares} if soft else {}),
        n_rationales=np.array([len(post.marks) for post in posts]),
        communities=[post.communities for post in posts],
        ids=[post.id for post in posts],
        n_left_out=n_left_out,
    )


def _folder(home: Path) -> Path:
    for folder in (home, home / "Data"):
        if (folder / _POSTS).is_file() and (folder / _DIVISION).is_file():
            return folder
    raise FileNotFoundError(
        f"path={str(home)!r} has not both {_POSTS} and {_DIVISION}: download them from {_PAGE} "
        "into one folder, and give that."
    )


def _parsed(path: Path, sha256: str | None) -> dict[str, Any]:
    """Return the object of a file of JSON, after a look at its size and SHA-256."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(
            f"path={str(path)!r} has {path.stat().st_size:,} bytes, and at most {_MOST_BYTES:,} "
            f"are read: {_AGAIN}."
        )
    content = path.read_bytes()
    check_content(str(path), sha256, content)
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"path={str(path)!r} is not JSON ({error}): {_AGAIN}.") from error
    with reading(path, "the whole file"):
        return checked(parsed, "the outermost value", dict, _AGAIN)


def _posts(path: Path, sha256: str | None) -> dict[str, _Post]:
    posts = {}
    for id_, entry in _parsed(path, sha256).items():
        with reading(path, f"post {reprlib.repr(id_)}"):
            posts[id_] = _post(id_, checked(entry, "the post", dict, _AGAIN))
    return posts


def _post(id_: str, entry: Mapping[str, Any]) -> _Post:
    if (own := value_of(entry, "post_id", str, _AGAIN, default=id_)) != id_:
        raise WrongEntryError(f"its 'post_id' is {reprlib.repr(own)}: {_AGAIN}")
    tokens = [
        checked(token, "a token", str, _AGAIN)
        for token in value_of(entry, "post_tokens", list, _AGAIN)
    ]
    annotators = [
        checked(one, "an annotator", dict, _AGAIN)
        for one in value_of(entry, "annotators", list, _AGAIN)
    ]
    labels = [value_of(one, "label", str, _AGAIN) for one in annotators]
    if unknown := set(labels) - set(_LABELS):
        raise WrongEntryError(
            f"it has the label {reprlib.repr(min(unknown))}, and labels are {list(_LABELS)}: "
            f"{_AGAIN}"
        )
    named = [
        {
            checked(community, "a target", str, _AGAIN)
            for community in value_of(one, "target", list, _AGAIN, default=[])
        }
        for one in annotators
    ]
    rationales = [
        _marks(checked(one, "a rationale", list, _AGAIN))
        for one in value_of(entry, "rationales", list, _AGAIN, default=[])
    ]
    fitting = [marks for marks in rationales if len(marks) == len(tokens)]
    return _Post(
        id_,
        [one_word(token) or "_" for token in tokens],
        next(iter(_of_most(labels, len(annotators))), _UNDECIDED),
        tuple(
            sorted(
                set(_of_most((one for names in named for one in names), len(annotators))) - {"None"}
            )
        ),
        np.array(fitting, dtype=bool).reshape(len(fitting), len(tokens)),
        len(rationales) - len(fitting),
    )


def _marks(rationale: list[Any]) -> list[bool]:
    for mark in rationale:
        if not isinstance(mark, int) or isinstance(mark, bool) or mark not in (0, 1):
            raise WrongEntryError(
                f"a rationale has the mark {reprlib.repr(mark)}, and not 0 or 1: {_AGAIN}"
            )
    return [mark == 1 for mark in rationale]


def _of_most(values: Iterable[str], n_annotators: int) -> list[str]:
    """Return the values that more than half of the annotators gave."""
    return [value for value, n in Counter(values).items() if 2 * n > n_annotators]


def _division(path: Path, sha256: str | None, posts: Mapping[str, _Post]) -> dict[str, list[str]]:
    """Return the ids of the posts of each part, which must name every post once at most."""
    division = _parsed(path, sha256)
    parts: dict[str, list[str]] = {}
    place: dict[str, str] = {}
    for part in _PARTS:
        with reading(path, f"part {part!r}"):
            parts[part] = [
                checked(id_, "an id", str, _AGAIN) for id_ in value_of(division, part, list, _AGAIN)
            ]
            for id_ in parts[part]:
                if id_ in place:
                    raise WrongEntryError(
                        f"it has the post {reprlib.repr(id_)}, which {place[id_]!r} has too: "
                        f"{_AGAIN}"
                    )
                if id_ not in posts:
                    raise WrongEntryError(
                        f"it has the post {reprlib.repr(id_)}, which {_POSTS} lacks: {_AGAIN}"
                    )
                place[id_] = part
    return parts


def _warn_of_misfits(posts: list[_Post], path: Path) -> None:
    if misfits := [post for post in posts if post.n_misfits]:
        first = misfits[0]
        warnings.warn(
            f"path={str(path)!r} has {sum(post.n_misfits for post in misfits)} rationales with "
            f"more or fewer marks than their posts have words, the first of post {first.id!r}, "
            f"which has {len(first.words)} words: they are not counted.",
            UserWarning,
            stacklevel=3,
        )

"""Invented reviews whose telling words are known."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from math import ceil
from numbers import Integral, Real
from string import Formatter
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sklearn_irx.datasets._phrases import PASSING, PLAIN, SLOTS, TELLING, TROUBLES
from sklearn_irx.text import WordTokenizer

_LENGTHS = (0.15, 0.65, 0.85, 1.0)
"""Cumulative share of telling phrases of one, two, three and four words."""
_WORDS_A_SENTENCE = 10  # generous: a telling sentence has 8 on average, a passing mention 9


class _Sentence(NamedTuple):
    """A sentence, its number of words, and which of them (start, stop) tell the class."""

    text: str
    n_words: int
    telling: tuple[int, int] = (0, 0)


def make_rationale_classification(
    n_samples: int = 1000,
    *,
    n_classes: int = 2,
    n_words: int = 100,
    n_cues: int = 3,
    difficulty: float = 0.3,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Make up hotel reviews that each complain of one trouble, and mark the words that say so.

    Every review plants telling phrases ("rubbery omelettes") of its own trouble among sentences
    that any review could contain. Without distraction (``difficulty=0``), each telling word occurs
    in the reviews of one class alone and every other word in all classes alike. So the true
    rationale is known, and a model that extracts rationales can be scored against it.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of reviews, as equally shared among the classes as can be.
    n_classes : int, default=2
        Number of classes, from 2 to 8: the first of "noise", "hygiene", "food", "staff",
        "price", "beds", "internet" and "parking".
    n_words : int, default=100
        Mean length of a review in words; single reviews are up to 30 % shorter or longer.
    n_cues : int, default=3
        Telling phrases a review, of one to four words each; fewer as `difficulty` rises.
    difficulty : float, default=0.3
        Between 0 and 1: how much there is to mislead. Telling phrases become fewer (at 1, half
        of them beyond the first are left out); phrases of other classes turn up, always fewer
        than the review's own; and single telling words of any class are mentioned in passing
        ("My crossword wanted another word for “rubbery”."), in reviews of every class alike.
    random_state : int, RandomState instance or None, default=None
        The same number gives the same reviews.

    Returns
    -------
    texts : list of str
        The reviews.
    y : ndarray of shape (n_samples,), dtype str
        The trouble each complains of.
    masks : ndarray of shape (n_samples, longest review in words), dtype bool
        True for the words of the telling phrases of the review's own class, as
        :class:`~sklearn_irx.text.WordTokenizer` counts words; False past the end of a review.

    Raises
    ------
    TypeError
        If a parameter is not a number of its kind.
    ValueError
        If a parameter is out of range, or `n_words` leaves no room for `n_cues` phrases.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> from sklearn_irx.text import WordTokenizer
    >>> texts, y, masks = make_rationale_classification(50, n_words=40, random_state=0)
    >>> len(texts), np.unique(y, return_counts=True)
    (50, (array(['hygiene', 'noise'], dtype='<U7'), array([25, 25])))
    >>> words = WordTokenizer().words(texts[0])
    >>> str(y[0]), [words[position] for position in masks[0].nonzero()[0]]
    ('noise', ['rattling', 'floorboards', 'howling', 'hounds', 'loudspeakers'])
    """
    _check_integer("n_samples", n_samples, 1)
    _check_integer("n_classes", n_classes, 2, len(TROUBLES))
    _check_integer("n_words", n_words, 1)
    _check_integer("n_cues", n_cues, 1)
    _check_fraction("difficulty", difficulty)
    planted = 1 + (n_cues - 1) * _kept(difficulty) * (1 + _foreign(difficulty))
    planted += n_cues * 2 * _passing(difficulty)
    if n_words < (room := ceil(_WORDS_A_SENTENCE * planted)):
        raise ValueError(
            f"n_words={n_words} leaves no room for n_cues={n_cues} at difficulty={difficulty}: "
            f"give at least n_words={room}, or fewer cues."
        )
    rng = check_random_state(random_state)
    classes = list(TROUBLES)[:n_classes]
    y = np.array(classes)[rng.permutation(np.arange(n_samples) % n_classes)]
    reviews = [_review(rng, str(own), classes, n_words, n_cues, difficulty) for own in y]
    masks = np.zeros((n_samples, max(sum(s.n_words for s in review) for review in reviews)), bool)
    for mask, review in zip(masks, reviews, strict=True):
        end = 0
        for sentence in review:
            start, stop = sentence.telling
            mask[end + start : end + stop] = True
            end += sentence.n_words
    return [" ".join(s.text for s in review) for review in reviews], y, masks


def _kept(difficulty: float) -> float:
    """Share of a review's telling phrases beyond the first that stay."""
    return 1 - difficulty / 2


def _foreign(difficulty: float) -> float:
    """Phrases of other classes, for each of the review's own beyond the first."""
    return difficulty**2


def _passing(difficulty: float) -> float:
    """Chance of a passing mention, two chances for each of `n_cues`."""
    return 0.8 * difficulty**2


def _review(
    rng: np.random.RandomState,
    own: str,
    classes: list[str],
    n_words: int,
    n_cues: int,
    difficulty: float,
) -> list[_Sentence]:
    n_own = 1 + rng.binomial(n_cues - 1, _kept(difficulty))
    # Fewer than its own, so that the majority names the class.
    n_foreign = rng.binomial(n_own - 1, _foreign(difficulty))
    n_passing = rng.binomial(2 * n_cues, _passing(difficulty))
    others = [name for name in classes if name != own]

    frames = rng.permutation(len(TELLING))
    names = [own] * n_own + [_pick(rng, others) for _ in range(n_foreign)]
    review = [
        _telling(rng, TELLING[frames[i % len(frames)]], name, masked=name == own)
        for i, name in enumerate(names)
    ]
    mentions = rng.permutation(len(PASSING))
    review += [
        _mention(rng, PASSING[mentions[i % len(mentions)]], _pick(rng, classes))
        for i in range(n_passing)
    ]
    missing = n_words * rng.uniform(0.7, 1.3) - sum(sentence.n_words for sentence in review)
    plain = _plain()
    order = rng.permutation(len(plain))
    for i in range(n_words):
        sentence = _pick(rng, plain[order[i % len(order)]])
        # Stop where the length comes nearest: the mean is then the one asked for.
        if missing < sentence.n_words / 2:
            break
        review.append(sentence)
        missing -= sentence.n_words
    return [review[i] for i in rng.permutation(len(review))]


def _pick(rng: np.random.RandomState, items: Any) -> Any:
    """Draw one of `items`; ten times as fast as ``rng.choice``."""
    return items[int(rng.random_sample() * len(items))]


def _telling(rng: np.random.RandomState, frame: str, name: str, *, masked: bool) -> _Sentence:
    length = int(np.searchsorted(_LENGTHS, rng.random_sample(), side="right"))
    phrase = _pick(rng, _telling_phrases(name)[length])
    text = frame.format(phrase)
    before = _n_words(frame.partition("{}")[0])
    return _Sentence(
        text[0].upper() + text[1:],
        _n_words(frame.format("")) + length + 1,
        (before, before + length + 1) if masked else (0, 0),
    )


def _mention(rng: np.random.RandomState, frame: str, name: str) -> _Sentence:
    word = _pick(rng, _telling_words(name))
    return _Sentence(frame.format(word), _n_words(frame.format("")) + 1)


@cache
def _n_words(text: str) -> int:
    return len(WordTokenizer().words(text))


@cache
def _telling_words(name: str) -> list[str]:
    return [word for group in TROUBLES[name] for part in group for word in part.split()]


@cache
def _telling_phrases(name: str) -> list[list[str]]:
    """Phrases of one to four words: a thing, after none to three describing words."""
    return [
        [
            f"{', '.join(describing)} {thing}".strip()
            for describers, things in TROUBLES[name]
            for describing in permutations(describers.split(), n_describing)
            for thing in things.split()
        ]
        for n_describing in range(4)
    ]


@cache
def _plain() -> list[list[_Sentence]]:
    """Every plain sentence with every filling of its slots."""
    return [
        [
            _Sentence(text, _n_words(text))
            for values in product(*(SLOTS[slot].split("|") for slot in slots))
            for text in [frame.format(**dict(zip(slots, values, strict=True)))]
        ]
        for frame in PLAIN
        for slots in [[field for _, field, _, _ in Formatter().parse(frame) if field]]
    ]


def _check_integer(name: str, value: Any, low: int, high: int | None = None) -> None:
    wanted = f"an integer of at least {low}" if high is None else f"an integer from {low} to {high}"
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}: give {wanted}.")
    if int(value) < low or (high is not None and int(value) > high):
        raise ValueError(f"{name}={value!r} is out of range: give {wanted}.")


def _check_fraction(name: str, value: Any) -> None:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}: give a number from 0 to 1.")
    if not 0 <= float(value) <= 1:
        raise ValueError(f"{name}={value!r} is out of range: give a number from 0 to 1.")

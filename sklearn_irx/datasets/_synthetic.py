"""Synthetic reviews with known rationales."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from math import ceil
from numbers import Integral, Real
from string import Formatter
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sklearn_irx.datasets._phrases import CUES, MENTIONS, PLAIN, SLOTS, TROUBLES
from sklearn_irx.text import WordTokenizer

_LENGTHS = (0.15, 0.65, 0.85, 1.0)
"""Cumulative share of cue phrases of one, two, three and four words."""
_WORDS_A_SENTENCE = 10  # generous: sentences with a cue have 8 on average, mentions 9


class _Sentence(NamedTuple):
    """A sentence, its number of words, and the (start, stop) of its rationale."""

    text: str
    n_words: int
    cue: tuple[int, int] = (0, 0)


def make_rationale_classification(
    n_samples: int = 1000,
    *,
    n_classes: int = 2,
    n_words: int = 100,
    n_cues: int = 3,
    difficulty: float = 0.3,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Generate hotel reviews that each complain of one trouble, with their true rationales.

    Each review contains cue phrases ("rubbery omelettes") of its own class among sentences that can
    occur in any review. With ``difficulty=0``, each cue word occurs only in the reviews of one
    class, and all other words are equally likely in all classes. So the true rationale is known,
    and extracted rationales can be scored against it.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of reviews; classes are balanced.
    n_classes : int, default=2
        Number of classes, from 2 to 8: the first of "noise", "hygiene", "food", "staff",
        "price", "beds", "internet" and "parking".
    n_words : int, default=100
        Mean length of a review in words; each is up to 30 % shorter or longer.
    n_cues : int, default=3
        Cue phrases per review, of one to four words each; fewer as `difficulty` rises.
    difficulty : float, default=0.3
        Between 0 and 1. With higher values, reviews have fewer cue phrases (at 1, on average half
        of those beyond the first are omitted), cue phrases of other classes, always fewer than of
        their own, and mentions of cue words of any class ("My crossword wanted another word for
        “rubbery”."), which are independent of the class of the review.
    random_state : int, RandomState instance or None, default=None
        Seed of the reviews.

    Returns
    -------
    texts : list of str
        The reviews.
    y : ndarray of shape (n_samples,), dtype str
        The trouble of each review.
    masks : ndarray of shape (n_samples, longest review in words), dtype bool
        True for the words of :class:`~sklearn_irx.text.WordTokenizer` in cue phrases of the
        review's own class, False past the end of a review.

    Raises
    ------
    TypeError
        If a parameter has the wrong type.
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
    n_sentences = 1 + (n_cues - 1) * _p_own(difficulty) * (1 + _p_foreign(difficulty))
    n_sentences += n_cues * 2 * _p_mention(difficulty)
    if n_words < (room := ceil(_WORDS_A_SENTENCE * n_sentences)):
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
            start, stop = sentence.cue
            mask[end + start : end + stop] = True
            end += sentence.n_words
    return [" ".join(s.text for s in review) for review in reviews], y, masks


def _p_own(difficulty: float) -> float:
    """Probability of keeping a cue phrase beyond the first."""
    return 1 - difficulty / 2


def _p_foreign(difficulty: float) -> float:
    """Probability of a foreign cue phrase, for each of the review's own beyond the first."""
    return difficulty**2


def _p_mention(difficulty: float) -> float:
    """Probability of a mention, drawn twice for each of `n_cues`."""
    return 0.8 * difficulty**2


def _review(
    rng: np.random.RandomState,
    own: str,
    classes: list[str],
    n_words: int,
    n_cues: int,
    difficulty: float,
) -> list[_Sentence]:
    n_own = 1 + rng.binomial(n_cues - 1, _p_own(difficulty))
    # Fewer than its own, so that the majority identifies the class.
    n_foreign = rng.binomial(n_own - 1, _p_foreign(difficulty))
    n_mentions = rng.binomial(2 * n_cues, _p_mention(difficulty))
    others = [name for name in classes if name != own]

    frames = rng.permutation(len(CUES))
    names = [own] * n_own + [_pick(rng, others) for _ in range(n_foreign)]
    review = [
        _cue(rng, CUES[frames[i % len(frames)]], name, masked=name == own)
        for i, name in enumerate(names)
    ]
    mentions = rng.permutation(len(MENTIONS))
    review += [
        _mention(rng, MENTIONS[mentions[i % len(mentions)]], _pick(rng, classes))
        for i in range(n_mentions)
    ]
    missing = n_words * rng.uniform(0.7, 1.3) - sum(sentence.n_words for sentence in review)
    plain = _plain()
    order = rng.permutation(len(plain))
    for i in range(n_words):
        sentence = _pick(rng, plain[order[i % len(order)]])
        # Stop at the length closest to the target, so that the mean is unbiased.
        if missing < sentence.n_words / 2:
            break
        review.append(sentence)
        missing -= sentence.n_words
    return [review[i] for i in rng.permutation(len(review))]


def _pick(rng: np.random.RandomState, items: Any) -> Any:
    """Draw one of `items`; ten times as fast as ``rng.choice``."""
    return items[int(rng.random_sample() * len(items))]


def _cue(rng: np.random.RandomState, frame: str, name: str, *, masked: bool) -> _Sentence:
    length = int(np.searchsorted(_LENGTHS, rng.random_sample(), side="right"))
    phrase = _pick(rng, _cue_phrases(name)[length])
    text = frame.format(phrase)
    before = _n_words(frame.partition("{}")[0])
    return _Sentence(
        text[0].upper() + text[1:],
        _n_words(frame.format("")) + length + 1,
        (before, before + length + 1) if masked else (0, 0),
    )


def _mention(rng: np.random.RandomState, frame: str, name: str) -> _Sentence:
    word = _pick(rng, _cue_words(name))
    return _Sentence(frame.format(word), _n_words(frame.format("")) + 1)


@cache
def _n_words(text: str) -> int:
    return len(WordTokenizer().words(text))


@cache
def _cue_words(name: str) -> list[str]:
    return [word for group in TROUBLES[name] for part in group for word in part.split()]


@cache
def _cue_phrases(name: str) -> list[list[str]]:
    """Return phrases of one to four words: a noun after zero to three adjectives."""
    return [
        [
            f"{', '.join(chosen)} {noun}".strip()
            for adjectives, nouns in TROUBLES[name]
            for chosen in permutations(adjectives.split(), n_adjectives)
            for noun in nouns.split()
        ]
        for n_adjectives in range(4)
    ]


@cache
def _plain() -> list[list[_Sentence]]:
    """Return each plain sentence with all fillings of its slots."""
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

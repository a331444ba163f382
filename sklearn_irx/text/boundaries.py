"""Ends of sentences and clauses, by the punctuation between words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import regex

from sklearn_irx.text.html import INLINE

_STOP = r"[.!?…]"
# An initial, an item of a list, a day, or a title. Longer numbers, such as years, end sentences.
_ABBREVIATED = r"\b(?:[\p{Lu}\p{Ll}]|\d{1,2}|(?i:mr|mrs|ms|dr|prof|st|vs))[ ]?"
# Nothing is tried twice: possessive, from the beginning of a run, or of limited width.
_MARKS = regex.compile(
    rf"""
    <!--.*?(?:-->|\Z)
    | </?(?P<tag>[a-zA-Z][^\s/<>]*+)[^<>]*+>
    | &(?:(?P<ellipsis>hellip)|(?P<dash>[mn]dash)|\#?\w{{1,31}}+);
    | (?P<sentence>
        (?<!{_STOP})(?:{_STOP}{{2,}}+|[!?…]|(?<!{_ABBREVIATED})\.)
        (?=[\s\p{{Pe}}\p{{Pf}}\p{{Pi}}"'*_<&]|\Z)
        | [\p{{Sentence_Terminal}}--[.!?]]
        | (?>\r\n|[\n\v\f\r\x85\u2028\u2029])(?![\ \t>|]{{0,8}}+\p{{Ll}})
      )
    | (?P<opening>[(（])
    | (?P<clause>(?<!\d)[,:]|[,:](?!\d)|[;—–)、，；：）،؛]|--|(?<=\s)-(?=\s))
    """,
    regex.VERBOSE | regex.VERSION1 | regex.DOTALL,
)


def sentence_and_clause_ends(
    text: str, spans: Sequence[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Find the words of a text after which a sentence or a clause ends.

    A sentence ends at a full stop, question mark, exclamation mark or ellipsis with a space, a
    quotation mark or a bracket after it; at such a sign of a script without spaces; and at a line
    break, unless the next line goes on in lower case, or a tag that breaks the line. The full stop
    of an initial, of a number below 100 or of a few titles ("Dr.") ends none. A clause ends at a
    comma, colon, semicolon, dash or bracket, too. It is a rule for display and for ends of spans,
    which knows nothing of the language.

    Parameters
    ----------
    text : str
    spans : sequence of (int, int)
        Start and end of each word in characters of `text`, in order. Words may hold punctuation,
        as those of :class:`~sklearn_irx.text.WhitespaceTokenizer`.

    Returns
    -------
    sentences, clauses : ndarray of shape (len(spans),), dtype bool
        True for each word after which a sentence, or a clause, ends. The end of a sentence is one
        of a clause; both end after the last word.

    Examples
    --------
    >>> from sklearn_irx.text import WordTokenizer, sentence_and_clause_ends
    >>> text = "Dull, says Dr. No. I agree!"
    >>> words, spans = WordTokenizer().words_and_spans(text)
    >>> sentences, clauses = sentence_and_clause_ends(text, spans)
    >>> [word for word, ends in zip(words, sentences) if ends]
    ['no', 'agree']
    >>> [word for word, ends in zip(words, clauses) if ends]
    ['dull', 'no', 'agree']
    """
    found: dict[bool, list[int]] = {True: [], False: []}
    past = spans[-1][1] if len(spans) else 0  # both end after the last word, whatever follows
    for match in _MARKS.finditer(text, endpos=past):
        kind = match.lastgroup
        if kind == "opening":  # the clause ends before the word that this may be part of
            found[False].append(match.start() - 1)
        elif kind == "tag":
            if match["tag"].lower() not in INLINE:
                found[True].append(match.start())
        elif kind:
            found[kind in ("sentence", "ellipsis")].append(match.start())
    starts = np.fromiter((start for start, _ in spans), dtype=np.int64, count=len(spans))
    sentences, clauses = (_last_before(starts, found[kind]) for kind in (True, False))
    return sentences, clauses | sentences


def _last_before(starts: np.ndarray, positions: list[int]) -> np.ndarray:
    """Mark the last word that starts before each of some positions, and the last of all."""
    marked = np.zeros(len(starts), dtype=bool)
    words = np.searchsorted(starts, positions, side="right") - 1
    marked[words[words >= 0]] = True
    marked[-1:] = True
    return marked

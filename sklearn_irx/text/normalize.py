"""One form for words that differ in case, normal form or invisible characters only."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

_DOTTED = regex.compile(r"(i\p{M}*?)\u0307")  # what "İ" becomes in lower case
# All that is invisible, except the tags that tell one flag of a region from another.
_IGNORED = regex.compile(
    r"[[\p{Default_Ignorable_Code_Point}\s]--[\U000E0020-\U000E007F]]", regex.V1
)
_PUNCTUATION = str.maketrans("’‐", "'-")


def normalize_word(word: str) -> str:
    r"""Return the form in which a word is looked up.

    Words are equal in this form if they differ only in case (in Turkish, "ı" and "i" are both
    written "I" or "İ"), in their Unicode normal form (compatibility characters such as "ﬁ" and
    fullwidth letters included), in invisible characters (soft hyphens, joiners, variation
    selectors), or in the kind of apostrophe or hyphen.

    A word of nothing but invisible characters stays as it is.

    The form is close to NFKC_Casefold of the Unicode Standard (section 3.13).

    Examples
    --------
    >>> from sklearn_irx.text import normalize_word
    >>> normalize_word("Scho\u0308n"), normalize_word("KİRLİ"), normalize_word("wal\u00adking")
    ('schön', 'kirli', 'walking')
    """
    return word.lower() if word.isascii() else _normalize(word)


@lru_cache(maxsize=2**16)
def _normalize(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word).casefold().replace("ı", "i")
    folded = _IGNORED.sub("", _DOTTED.sub(r"\1", unicodedata.normalize("NFKD", folded)))
    return unicodedata.normalize("NFKC", folded).translate(_PUNCTUATION) or word

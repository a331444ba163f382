"""Texts to annotate, with all that makes offsets go wrong."""

from hypothesis import strategies as st

TEXTS = [
    "",
    "A dull, dull film.",
    "👍🏽 nice\r\nbut 👩‍👩‍👧 loud\rat night",
    "Cafe\u0301 𝔞𝔟 𐐷 naïve \U0010ffff end",
    "<p>It was <b>won</b>derful &amp; cheap.</p><br />No!",
    "房间很脏 and 𠮷野家",
    "no\xadise \u200b\u2028 \x00 \x85 tab\tend",
]
PIECES = [
    "dull",
    " ",
    "👍🏽",
    "𝔞",
    "e\u0301",
    "\r\n",
    "\r",
    "<b>",
    "&amp;",
    "脏",
    "C++",
    "\u2028",
    "!",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=20)


def utf16(text, place):
    """Count code units as a program in JavaScript does."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2

"""Words, and where they stand in a text."""

import copy
import itertools
import pickle
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_irx.text import (
    AlphanumericTokenizer,
    WhitespaceTokenizer,
    WordTokenizer,
    normalize_word,
    tokens_of,
    words_of,
)
from sklearn_irx.text.tokenizer import words_and_spans_of

tokenize = WordTokenizer()
split = WhitespaceTokenizer()
EVERY = [
    tokenize,
    WordTokenizer(apostrophes=True),
    WordTokenizer(hyphens=True),
    WordTokenizer(segmenter=lambda run: [run[:1], "", run[1:]]),
    AlphanumericTokenizer(),
    split,
    WhitespaceTokenizer(normalize=False),
]
# Characters whose lower case is longer, depends on the neighbours, or is the same; marks, joiners,
# emoji and their modifiers, and scripts without spaces.
AWKWARD = st.text(
    alphabet="İßΣσΑaA_1٣.' \n\u0307\u200d🙂👍🏽🇩❤\ufe0f\u00ad\u200b漢かカก\ud800", max_size=40
)
# Quotes and dashes that Latin-1 lacks beside words that it has, and words that it lacks.
MIXED = st.text(alphabet="aÉß_µª9-+#’‐ \x85\xa0.'“—…\u2028\ud800ğıŁЖ", max_size=40)
TEXTS = st.text(max_size=60) | AWKWARD | MIXED
# Words of many scripts, with the marks that they are written with.
WORDS = """
    schön Café Ångström Straße KİRLİ ışık Łódź naïve ΟΔΟΣ Ёлка tiếng नमस्ते हिन्दी বাংলা தமிழ் తెలుగు
    ಕನ್ನಡ ગુજરાતી ਪੰਜਾਬੀ සිංහල ภาษาไทย ລາວ ខ្មែរ မြန်မာ བོད שָׁלוֹם سَلَام کتاب
    ትግርኛ 한국어 ⵜⴰⵎ ქართული Հայ ދިވެހި 𝓢𝓸 C++ file_1
""".split()  # noqa: SIM905
JOINERS = ["\u00ad", "\u200c", "\u200d", "\u2060", "\ufeff", "\u200e", "\u200f", "\ufe0f"]
EMOJI = ["👍", "👎🏿", "❤️", "👨‍👩‍👧", "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🤷🏽‍♀️", "☹"]


def is_word_character(character):
    return character.isalnum() or character == "_"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_one_in_every_script(word):
    assert [(start, end) for _, start, end in tokenize(f"({word}), {word}.")] == [
        (1, 1 + len(word)),
        (4 + len(word), 4 + 2 * len(word)),
    ]


@given(
    st.lists(st.sampled_from(WORDS), max_size=6), st.sampled_from([" ", ", ", "\n", "…", "\u200b"])
)
def test_words_do_not_depend_on_the_normal_form_or_the_case(words, between):
    text = between.join(words)
    expected = tokenize.words(text)
    assert len(expected) == len(words)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        for case in (str, str.upper, str.lower, str.casefold, str.title):
            # A title's letter after an apostrophe is of the same word.
            other = unicodedata.normalize(form, case(text))
            assert tokenize.words(other) == expected, (form, case)
            # Offsets are those of the text as given.
            assert [normalize_word(other[s:e]) for _, s, e in tokenize(other)] == expected


@given(st.sampled_from(WORDS), st.data())
def test_what_is_invisible_does_not_cut_words(word, data):
    pieces = list(word)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(1, len(pieces)))
        if "+" not in pieces[place - 1 : place + 1]:  # a plus sign ends a word
            pieces.insert(place, data.draw(st.sampled_from(JOINERS)))
    text = "".join(pieces)
    expected = [(normalize_word(word), 2, 2 + len(text))]
    assert [tuple(token) for token in tokenize(f". {text} ")] == expected


@given(
    st.lists(st.sampled_from(EMOJI), min_size=1, max_size=6), st.sampled_from(["", " ", "a", "!"])
)
def test_an_emoji_with_its_modifiers_is_a_word(emoji, between):
    text = between.join(emoji)
    found = [text[start:end] for _, start, end in tokenize(text)]
    assert [word for word in found if word != "a"] == emoji
    assert len({normalize_word(one) for one in EMOJI}) == len(EMOJI)


@given(st.text(alphabet="aß9_ .’'-\u0301\u0e34गऀ\u00ad\u200d\u200b½", max_size=30))
def test_a_word_is_a_run_of_letters_with_what_is_attached_to_them(text):
    attached = {"\u0301", "\u0e34", "\u0900", "\u00ad", "\u200d"}
    expected: list[list[int]] = []
    for place, char in enumerate(text):
        in_run = bool(expected) and expected[-1][1] == place
        if is_word_character(char):
            before = text[:place].rstrip("".join(attached))
            joins = before.endswith(("’", "'")) and bool(expected)
            joins = joins and expected[-1][1] == len(before) - 1
            if in_run or joins:
                expected[-1][1] = place + 1
            else:
                expected.append([place, place + 1])
        elif char in attached and in_run:
            expected[-1][1] = place + 1
    found = WordTokenizer(apostrophes=True)(text)
    assert [[start, end] for _, start, end in found] == expected


@pytest.mark.parametrize("tokenizer", EVERY, ids=repr)
@given(TEXTS)
def test_offsets_point_to_the_words(tokenizer, text):
    tokens = tokenizer(text)
    normal = normalize_word
    if tokenizer in (AlphanumericTokenizer(), WhitespaceTokenizer(normalize=False)):
        normal = str.lower
    assert [normal(text[start:end]) for _, start, end in tokens] == [word for word, _, _ in tokens]
    assert all(word for word, _, _ in tokens)
    for one, next_ in itertools.pairwise(tokens):
        assert one.start < one.end <= next_.start


@given(TEXTS)
def test_no_letter_is_missed(text):
    inside = {place for _, start, end in tokenize(text) for place in range(start, end)}
    letters = {p for p, char in enumerate(text) if is_word_character(char)}
    assert {text[place] for place in letters - inside} <= set(
        "\u115f\u1160\u3164\uffa0"
    )  # invisible


@given(TEXTS, st.none() | st.integers(0, 30))
def test_words_are_those_of_the_tokens(text, limit):
    assert tokenize.words(text, limit) == [word for word, _, _ in tokenize(text)][:limit]


@pytest.mark.parametrize("tokenizer", EVERY, ids=repr)
@given(
    parts=st.lists(AWKWARD | MIXED | st.sampled_from(["a" * 50, " " * 50, "-" * 50]), min_size=1),
    times=st.integers(1, 40),
    limit=st.integers(0, 8),
)
def test_words_of_a_long_text_are_those_of_the_tokens(tokenizer, parts, times, limit):
    text = "".join(parts) * times
    tokens = tokenizer(text)[:limit]
    assert tokenizer.words(text, limit) == [token.text for token in tokens]
    assert tokenizer.spans(text, limit) == [(token.start, token.end) for token in tokens]
    words, spans = tokenizer.words_and_spans(text, limit)
    assert (words, spans) == ([token.text for token in tokens], tokenizer.spans(text, limit))
    assert words_and_spans_of(tokenizer, text, limit) == (
        tokenizer.words(text, limit),
        tokenizer.spans(text, limit),
    )


@pytest.mark.parametrize("forms", ["NFC NFD", "upper lower title casefold"])
def test_every_character_has_one_form(forms):
    for char in map(chr, range(sys.maxunicode + 1)):
        if char.isspace() or unicodedata.category(char) in ("Cn", "Co", "Cs"):
            continue
        if unicodedata.name(char, "").startswith(("CJK", "HANGUL SYLLABLE", "TANGUT", "EGYPTIAN")):
            continue  # a hundred thousand alike
        form = normalize_word(char)
        assert normalize_word(form) == form
        for name in forms.split():
            other = getattr(char, name)() if name.islower() else unicodedata.normalize(name, char)
            assert other == char or normalize_word(other) == form


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ΟΔΟΣ ΟΔΟΣ.", ["οδοσ", "οδοσ"]),
        ("ΣΑΣ,ΣΑΣ", ["σασ", "σασ"]),
        ("İstanbul Straße", ["istanbul", "strasse"]),
        ("It's 3.5 snake_case!", ["it", "s", "3", "5", "snake_case"]),
        ("t-shirt, e‑mail -- a- -b", ["t", "shirt", "e", "mail", "a", "b"]),
        ("C++, C# (A+): a+b, a++b, #1 C+++", ["c++", "c#", "a+", "a", "b", "a", "b", "1", "c"]),
        ("ﬁlm ＧＯＯＤ m²", ["film", "good", "m2"]),
        ("zero\u200bwidth", ["zero", "width"]),
        ("天気がいい カタカナ", ["天", "気", "が", "い", "い", "カタカナ"]),
        ("room👍room ©2020 ™", ["room", "👍", "room", "2020"]),
        ("", []),
        (" .,;\n\u0301 \u200d", []),
    ],
)
def test_known_words(text, words):
    assert tokenize.words(text) == words
    assert [token.text for token in tokenize(text)] == words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["don", "t", "t", "shirt"]),
        ({"hyphens": True}, ["don", "t", "t-shirt"]),
        ({"apostrophes": True}, ["don't", "t", "shirt"]),
        ({"apostrophes": True, "hyphens": True}, ["don't", "t-shirt"]),
    ],
)
def test_apostrophes_and_hyphens_separate_words_or_are_part_of_them(options, words):
    tokenizer = WordTokenizer(**options)
    for text in ("Don't t-shirt", "Don’t t‐shirt", "Don’t t‑shirt", "Don't\u00ad t-shi\u00adrt"):
        assert tokenizer.words(text) == [word for word, _, _ in tokenizer(text)] == words


def test_apostrophes_and_hyphens_count_between_letters_only():
    whole = WordTokenizer(apostrophes=True, hyphens=True)
    text = "‘I don’t’, rock'n'roll, dogs' 'tis -- e‑mail a- -b C#'s"
    words = ["i", "don't", "rock'n'roll", "dogs", "tis", "e-mail", "a", "b", "c#'s"]
    assert whole.words(text) == [word for word, _, _ in whole(text)] == words


def test_a_segmenter_gets_runs_of_scripts_without_spaces():
    runs = []

    def halves(run):
        runs.append(run)
        return [run[: len(run) // 2], run[len(run) // 2 :]]

    tokenizer = WordTokenizer(segmenter=halves)
    text = "I ate 天気, and\u00ad อาหาร twice"
    expected = ["i", "ate", "天", "気", "and", "อา", "หาร", "twice"]
    assert [text[start:end] for _, start, end in tokenizer(text)][-3:] == ["อา", "หาร", "twice"]
    assert tokenizer.words(text) == expected
    assert tokenizer.words(text, 3) == expected[:3]
    assert set(runs) == {"天気", "อาหาร"}


@pytest.mark.parametrize("pieces", [["天"], ["天", "x"], [1, 2], ["天気", " "]], ids=str)
def test_a_segmenter_that_changes_the_text_is_refused(pieces):
    with pytest.raises(ValueError, match=r"segmenter returned .* for '天気'"):
        WordTokenizer(segmenter=lambda run: pieces).words("天気")


def test_a_segmenter_must_be_a_function():
    with pytest.raises(TypeError, match="segmenter='jieba'"):
        WordTokenizer(segmenter="jieba")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ΟΔΟΣ ΟΔΟΣ.", ["οδος", "οδος"]),
        ("ΣΑΣ,ΣΑΣ", ["σας", "σας"]),
        ("İstanbul Straße", ["i\u0307stanbul", "straße"]),
        ("It's 3.5 snake_case!", ["it", "s", "3", "5", "snake_case"]),
    ],
)
def test_the_words_of_the_paper(text, words):
    assert AlphanumericTokenizer().words(text) == words


def test_word_tokenizers_are_equal_if_their_options_are():
    assert tokenize == WordTokenizer() == pickle.loads(pickle.dumps(tokenize))
    assert hash(tokenize) == hash(copy.copy(tokenize))
    assert tokenize not in (str.split, WordTokenizer(hyphens=True), AlphanumericTokenizer(), split)
    assert repr(tokenize) == "WordTokenizer()"
    assert repr(WordTokenizer(hyphens=True)) == "WordTokenizer(hyphens=True)"


@given(TEXTS)
def test_words_between_whitespace_are_those_of_split(text):
    tokens = split(text)
    assert [text[start:end] for _, start, end in tokens] == text.split()
    assert [word for word, _, _ in tokens] == [normalize_word(word) for word in text.split()]
    assert tokens_of(split, text, 1 + len(text)) == tokens


@given(
    TEXTS | st.text(alphabet="aΣ \t\n\x1c\x85\u00a0\u2028\u3000"), st.none() | st.integers(0, 30)
)
def test_words_between_whitespace_are_read_alike_with_and_without_offsets(text, limit):
    assert split.words(text, limit) == [word for word, _, _ in split(text)][:limit]
    if limit is not None:
        assert words_of(split, text, limit) == split.words(text, limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It 's Good -- not GREAT .", ["it", "'s", "good", "--", "not", "great", "."]),
        ("ΟΔΟΣ ΟΔΟΣ.", ["οδοσ", "οδοσ."]),
        (" one\n\ttwo ", ["one", "two"]),
        ("", []),
        (" \n", []),
    ],
)
def test_known_words_between_whitespace(text, words):
    assert split.words(text) == words
    assert [token.text for token in split(text)] == words


def test_all_whitespace_tokenizers_are_equal():
    assert split == WhitespaceTokenizer() == pickle.loads(pickle.dumps(split))
    assert hash(split) == hash(copy.copy(split))
    assert split != tokenize
    assert tokenize != split
    assert repr(split) == "WhitespaceTokenizer()"


@given(TEXTS, st.integers(0, 30))
def test_a_tokenizer_of_ones_own_is_read_alike(text, limit):
    def own(text):
        yield from ((word, start, end) for word, start, end in tokenize(text))

    assert tokens_of(own, text, limit) == tokenize(text)[:limit]
    assert words_of(own, text, limit) == words_of(tokenize, text, limit)


def test_a_tokenizer_that_builds_on_another_splits_in_its_own_way():
    class Sentences(WordTokenizer):
        def __call__(self, text):
            return [("sentence", 0, len(text))]

    assert words_of(Sentences(), "It's fine.", 5) == ["sentence"]
    assert words_and_spans_of(Sentences(), "It's fine.", 5) == (["sentence"], [(0, 10)])
    assert Sentences() != WordTokenizer() != Sentences()


def test_no_more_is_asked_of_a_tokenizer_than_the_limit():
    def endless(text):
        while True:
            yield "", 0, 0

    assert len(tokens_of(endless, "text", 7)) == 7


@pytest.mark.parametrize(
    ("tokens", "error"),
    [
        (["one"], TypeError),
        ([("one", 0)], TypeError),
        ([("one", 0, 3, 4)], TypeError),
        ([("one", "0", "3")], TypeError),
        ([("one", None, 3)], TypeError),
        ([3], TypeError),
        ([(3, 0, 3)], ValueError),
        ([("one", 3, 0)], ValueError),
        ([("one", -1, 2)], ValueError),
        ([("two", 4, 7), ("one", 0, 3)], ValueError),
        ([("one", 0, 3), ("overlap", 2, 7)], ValueError),
        ([("one two", 0, 8)], ValueError),
    ],
    ids=str,
)
def test_wrong_tokenizers_are_named_with_what_they_gave(tokens, error):
    with pytest.raises(error, match="tokenizer returned") as caught:
        tokens_of(lambda text: tokens, "one two", 10)
    assert repr(tokens[-1]) in str(caught.value)
    with pytest.raises(error, match="tokenizer returned"):
        words_of(lambda text: tokens, "one two", 10)

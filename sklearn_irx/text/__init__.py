"""Tokenizers, vocabularies, word vectors and batches of word ids."""

from sklearn_irx.text.boundaries import sentence_and_clause_ends
from sklearn_irx.text.documents import Documents, inference_batches, training_batches
from sklearn_irx.text.harmless import harmless
from sklearn_irx.text.html import HTMLTokenizer
from sklearn_irx.text.normalize import normalize_word
from sklearn_irx.text.pieces import CONTEXT, Pieces, PieceTokenizer
from sklearn_irx.text.tokenized import TokenizedTexts, count_words, word_lists
from sklearn_irx.text.tokenizer import (
    AlphanumericTokenizer,
    Token,
    WhitespaceTokenizer,
    WordTokenizer,
    tokens_of,
    words_of,
)
from sklearn_irx.text.vectors import (
    WordVectors,
    embedding_matrix,
    find_unseen_words,
    load_embeddings,
    unseen_matrix,
)
from sklearn_irx.text.vocabulary import PADDING, UNKNOWN, Vocabulary

__all__ = [
    "CONTEXT",
    "PADDING",
    "UNKNOWN",
    "AlphanumericTokenizer",
    "Documents",
    "HTMLTokenizer",
    "PieceTokenizer",
    "Pieces",
    "Token",
    "TokenizedTexts",
    "Vocabulary",
    "WhitespaceTokenizer",
    "WordTokenizer",
    "WordVectors",
    "count_words",
    "embedding_matrix",
    "find_unseen_words",
    "harmless",
    "inference_batches",
    "load_embeddings",
    "normalize_word",
    "sentence_and_clause_ends",
    "tokens_of",
    "training_batches",
    "unseen_matrix",
    "word_lists",
    "words_of",
]

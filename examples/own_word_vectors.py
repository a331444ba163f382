"""Bring word vectors of your own: a file, an object that copies share, or several joined.

gensim trains vectors on the texts here, so that the script needs no download. Vectors from
elsewhere, GloVe say, are given in the same ways.
"""

import tempfile
from pathlib import Path

from gensim.models import Word2Vec
from sklearn.base import clone

from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import WordTokenizer, WordVectors

texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
documents = [WordTokenizer().words(text) for text in texts[:400]]
keyed = Word2Vec(documents, vector_size=25, min_count=1, epochs=10, workers=1, seed=0).wv


def fit_and_score(name, embeddings):
    clf = SelectiveRationaleClassifier(
        embeddings=embeddings,
        encoder=CNN(n_filters=20),
        training=Training(max_epochs=2),
        max_length=60,
        random_state=0,
    ).fit(texts[:400], y[:400])
    print(f"{name:40} accuracy {clf.score(texts[400:], y[400:]):.3f}")
    return clf


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "vectors.txt")
    keyed.save_word2vec_format(str(path))
    fit_and_score("path of a word2vec text file", path)

fit_and_score("gensim KeyedVectors", keyed)

vectors = WordVectors.from_keyed_vectors(keyed)
clf = fit_and_score("WordVectors", vectors)
copy = clone(clf)
print(f"{vectors}: its clone shares the array: {copy.embeddings.vectors is vectors.vectors}")

# None stands for vectors learned from the training texts: here they stand beside the others.
fit_and_score("WordVectors and learned ones, joined", [vectors, None])

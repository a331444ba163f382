"""Encoders, which compute features of words in context."""

from sklearn_irx.components.base import Registry
from sklearn_irx.components.encoders.base import Encoder
from sklearn_irx.components.encoders.cnn import CNN
from sklearn_irx.components.encoders.none import NoEncoder
from sklearn_irx.components.encoders.rnn import RNN
from sklearn_irx.components.encoders.transformer import Transformer

ENCODERS = Registry(
    "encoder",
    Encoder,
    {"cnn": CNN(), "rnn": RNN(), "transformer": Transformer(), None: NoEncoder()},
)

"""Ways to read the words of a document in their context, one file each."""

from sklearn_irx.nn.encoders.base import Encoder
from sklearn_irx.nn.encoders.cnn import ConvolutionalEncoder
from sklearn_irx.nn.encoders.rnn import RecurrentEncoder

ENCODERS: dict[str, type[Encoder]] = {"cnn": ConvolutionalEncoder, "rnn": RecurrentEncoder}

__all__ = ["ENCODERS", "ConvolutionalEncoder", "Encoder", "RecurrentEncoder"]

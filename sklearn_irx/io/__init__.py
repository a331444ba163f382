"""Saving and loading fitted models without pickle: a folder of JSON, text and safetensors."""

from sklearn_irx.io._card import model_card
from sklearn_irx.io._files import ModelFileError
from sklearn_irx.io._load import load
from sklearn_irx.io._save import SKOPS_TYPES, save
from sklearn_irx.io._values import NotSaved

__all__ = ["SKOPS_TYPES", "ModelFileError", "NotSaved", "load", "model_card", "save"]

"""Tiny transformers with random weights, of every family that can be read, as folders."""

import json
import string
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZES = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 40, "pad_token_id": 0,
}  # fmt: skip
OTHERS = {
    "albert": {"embedding_size": 8},
    "distilbert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24},
    "electra": {"embedding_size": 8},
    "deberta": {
        "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False,
        "type_vocab_size": 0,
    },
    "deberta-v2": {
        "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "conv_kernel_size": 3,
        "conv_act": "gelu", "position_biased_input": False, "type_vocab_size": 0,
    },
    "modernbert": {
        "global_attn_every_n_layers": 2, "local_attention": 8, "cls_token_id": 2, "sep_token_id": 3,
        "bos_token_id": 2, "eos_token_id": 3,
    },
}  # fmt: skip
BYTES = ("roberta", "modernbert", "deberta", "mpnet")
"""Families that get a tokenizer of bytes, in which a word begins with its space."""
METASPACE = ("albert", "camembert", "deberta-v2", "xlm-roberta")
"""Families that get one in which a sign stands for the space."""


def make_transformer(folder, kind="bert", seed=0):
    """Write a tiny transformer with its tokenizer, and return the folder."""
    tokenizer = make_tokenizer(kind)
    names = ("pad", "unk", "cls", "sep", "mask")
    tokens = {f"{name}_token": token for name, token in zip(names, SPECIAL, strict=True)}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **tokens)
    fast.save_pretrained(folder)
    settings = {**SIZES, **OTHERS.get(kind, {}), "vocab_size": tokenizer.get_vocab_size()}
    config = transformers.AutoConfig.for_model(kind, **settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config)
        for weight in model.parameters():  # so that what differs is seen
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    assert json.loads((Path(folder) / "config.json").read_text())["model_type"] == kind
    return str(folder)


def make_tokenizer(kind):
    """Return a tokenizer in the manner of a family: of letters, bytes or letters with a space."""
    if kind in BYTES:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        merges = [("Ġ", "a"), ("o", "o")]
        tokens = SPECIAL + alphabet + ["".join(pair) for pair in merges]
        numbers = {token: number for number, token in enumerate(tokens)}
        tokenizer = Tokenizer(models.BPE(numbers, merges, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer
    letters = list(string.ascii_lowercase + string.digits + string.punctuation)
    if kind in METASPACE:
        tokens = [*SPECIAL, *letters, *string.ascii_uppercase, "▁", "▁a", "oo"]
        tokenizer = Tokenizer(models.Unigram([(token, -1.0) for token in tokens], unk_id=1))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        return tokenizer
    tokens = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters), "room", "##ing"]
    numbers = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer

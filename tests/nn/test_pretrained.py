import json
from itertools import pairwise

import numpy as np
import pytest
import torch
import transformers

from sklearn_irx.nn import pretrained
from sklearn_irx.nn.config import Source
from sklearn_irx.nn.isolation import own_numbers, weights_drawn
from sklearn_irx.nn.transformer import Transformer, layers_of
from tests.transformers_made import make_transformer


@pytest.fixture(scope="module", params=pretrained.FAMILIES)
def folder(request, tmp_path_factory):
    return make_transformer(tmp_path_factory.mktemp("model"), request.param)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_transformer(tmp_path_factory.mktemp("bert"))


def built(folder, **settings):
    settings = {"layers": None, "window": None, "overlap": 4, "precision": "float32", **settings}
    with own_numbers(0), weights_drawn():
        module = Transformer(pretrained.load_pretrained(folder), **settings)
    pretrained.load_weights(folder, module.model)
    return module.eval()


def random_pieces(*sizes, most=20):
    drawn = np.random.RandomState(0).randint(5, 60, size=(len(sizes), most))
    return torch.from_numpy(drawn), torch.tensor(sizes)


@torch.no_grad()
def test_states_are_those_of_the_library(folder):
    module, reference = built(folder), transformers.AutoModel.from_pretrained(folder).eval()
    pieces, n = random_pieces(7, 3, 0)
    read = module(pieces, n)
    for row, size in enumerate(n.tolist()):
        ids = torch.cat([torch.tensor([2]), pieces[row, :size], torch.tensor([3])])
        ids = ids.unsqueeze(0)
        wanted = reference(input_ids=ids, attention_mask=torch.ones_like(ids))
        torch.testing.assert_close(read.states[row, : size + 2], wanted[0][0], atol=1e-4, rtol=1e-3)
        assert read.piece[row, : size + 2].tolist() == [-1, *range(size), -1]
        assert (read.piece[row, size + 2 :] == -2).all()


@torch.no_grad()
def test_long_texts_are_read_in_windows_that_overlap(bert):
    module = built(bert, window=10, overlap=3)
    pieces, n = random_pieces(20, 8, 9)
    read = module(pieces, n)
    seen = {row: [] for row in range(3)}
    for document, piece in zip(read.document.tolist(), read.piece.tolist(), strict=True):
        window = [place for place in piece if place >= 0]
        assert window == list(range(window[0], window[-1] + 1))
        assert len(window) <= 8
        seen[document].append(window)
    assert [len(windows) for windows in seen.values()] == [4, 1, 2]
    for row, windows in seen.items():
        assert {place for window in windows for place in window} == set(range(int(n[row])))
        for one, following in pairwise(windows):
            assert len(set(one) & set(following)) >= 3
    # A window is read as a text of its own.
    alone = module(pieces[:1, seen[0][1][0] :], torch.tensor([8]))
    torch.testing.assert_close(alone.states[0], read.states[1], atol=1e-5, rtol=1e-4)


def test_nothing_random_comes_from_the_generator_of_the_process(bert):
    before = torch.get_rng_state()
    module = built(bert)
    pieces, n = random_pieces(7, 3)
    with own_numbers(1):
        first = module.train()(pieces, n).states
    with own_numbers(1):
        second = module(pieces, n).states
        third = module(pieces, n).states
    assert torch.equal(first, second)
    assert not torch.equal(second, third)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("layers", "n_trained"), [(None, 2), (2, 2), (1, 1), (0, 0), (9, 2)])
def test_so_many_layers_are_trained(bert, layers, n_trained):
    module = built(bert, layers=layers)
    _, found = layers_of(module.model)
    trained = [all(p.requires_grad for p in layer.parameters()) for layer in found]
    assert trained == [False] * (2 - n_trained) + [True] * n_trained
    assert module.model.get_input_embeddings().weight.requires_grad == (layers is None)


def test_a_folder_that_is_not_there_is_named_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"model='.*nowhere' of encoder cannot be read: give the"):
        pretrained.load_pretrained(str(tmp_path / "nowhere"))


def test_other_kinds_are_refused(tmp_path):
    config = transformers.GPT2Config(n_embd=8, n_layer=1, n_head=1, vocab_size=10)
    config.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="is of the kind 'gpt2': give an encoder such as BERT"):
        pretrained.load_pretrained(str(tmp_path))


def test_weights_must_be_there_and_safe(tmp_path):
    folder = make_transformer(tmp_path)
    module = built(folder)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"weights of .* cannot be read; they must be a file"):
        pretrained.load_weights(folder, module.model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 10**9}, "num_hidden_layers=1000000000 of the transformer is too"),
        ({"vocab_size": 10**12}, "vocab_size=1000000000000 of the transformer is too large"),
        ({"hidden_size": float("nan")}, "hidden_size=nan of the transformer is too large"),
        ({"model_type": "gpt2"}, "of the kind 'gpt2'"),
        ({"model_type": ["bert"]}, "is of the kind"),
    ],
)
def test_a_hostile_configuration_is_refused(bert, change, message):
    source = pretrained.load_pretrained(bert)
    content = {**json.loads(source.configuration), **change}
    with pytest.raises(ValueError, match=message):
        Transformer(
            Source(json.dumps(content).encode(), source.tokenizer), layers=None, window=None,
            overlap=0, precision="float32",
        )  # fmt: skip


MANY = json.dumps(dict.fromkeys(range(999))).encode()


@pytest.mark.parametrize("data", [b"", b"[1]", b"\xff", MANY])
def test_what_is_no_configuration_is_refused(data):
    with pytest.raises(ValueError, match="the configuration of the transformer is no"):
        pretrained.checked_configuration(data)


def test_a_configuration_names_no_code(tmp_path):
    folder = make_transformer(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "evil.py").write_text("raise SystemExit('code was run')")
    assert b"evil" not in pretrained.load_pretrained(folder).configuration


def test_a_mask_has_a_gradient_and_an_effect_in_every_family(folder):
    """Half a word lies between the word and the piece that hides one."""
    module = built(folder)
    pieces, n = random_pieces(6)
    with torch.no_grad():
        hiding = pieces.clone()
        hiding[0, 2] = module.mask
        shown, hidden = module(pieces, n).states, module(hiding, n).states
    values = torch.ones(1, pieces.shape[1], requires_grad=True)
    same = module(pieces, n, values=values).states
    torch.testing.assert_close(same, shown)
    same.square().sum().backward()
    assert values.grad[0, 2].abs() > 1e-3
    with torch.no_grad():
        values[0, 2] = 0
        torch.testing.assert_close(module(pieces, n, values=values).states, hidden)


@torch.no_grad()
@pytest.mark.parametrize("layers", [0, 1])
@pytest.mark.parametrize("window", [None, 10])
def test_states_come_from_those_of_frozen_layers(folder, layers, window):
    module = built(folder, layers=layers, window=window, overlap=3).train()
    kind = module.model.config.model_type
    assert module.has_frozen_layers == (kind != "albert" and (layers, kind) != (0, "deberta-v2"))
    if not module.has_frozen_layers:
        return
    pieces, n = random_pieces(20, 3, 0, 9)
    with own_numbers(0):
        whole = module(pieces, n)
    states = module.frozen_states(pieces, n)
    frozen = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
    with own_numbers(0):
        again = module(pieces, n, frozen=frozen)
    for one, other in zip(whole, again, strict=True):
        there = whole.piece > -2 if one.dim() > 1 else slice(None)
        torch.testing.assert_close(one[there], other[there], atol=1e-4, rtol=1e-3)

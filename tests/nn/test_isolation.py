"""Random numbers and threads of a computation's own."""

import os
import subprocess
import sys
import threading
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from sklearn_irx.components.samplers import SAMPLERS
from sklearn_irx.nn.isolation import generator_for, isolated, own_numbers, threads
from tests.nn.networks import make_network

CPU = torch.device("cpu")


def in_a_new_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


@pytest.fixture
def thread_counts():
    """What torch computes with here and in new threads, as it must be afterwards too."""

    def counts():
        return torch.get_num_threads(), in_a_new_thread(torch.get_num_threads)

    before = counts()
    yield counts
    assert counts() == before


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError])
def test_isolated_leaves_random_numbers_and_threads_as_they_were(error, thread_counts):
    before, (here, elsewhere) = torch.get_rng_state(), thread_counts()
    drawn = []
    for _ in range(2):
        with nullcontext() if error is None else pytest.raises(error):  # noqa: SIM117
            with isolated(3, here + 1, "cpu"):
                drawn.append(torch.rand(4, generator=generator_for(CPU)))
                assert thread_counts() == (here + 1, elsewhere)
                if error is not None:
                    raise error
        assert generator_for(CPU) is None
        assert torch.equal(torch.get_rng_state(), before)
        assert thread_counts() == (here, elsewhere)
    assert torch.equal(*drawn)


def test_a_generator_of_ones_own_draws_what_torch_would():
    with own_numbers(7):
        own = torch.rand(5, generator=generator_for(CPU))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        assert torch.equal(own, torch.rand(5))


def test_other_threads_have_no_generator_of_this_one():
    with own_numbers(0):
        assert in_a_new_thread(lambda: generator_for(CPU)) is None


def test_no_number_of_threads_changes_nothing(thread_counts):
    before = thread_counts()
    with threads(None):
        assert thread_counts() == before


def test_a_thread_keeps_its_number_whatever_others_ask_for(thread_counts):
    """Two threads enter and leave in turn: 1 enters, 2 enters, 1 leaves, 2 leaves."""
    steps = [threading.Event() for _ in range(3)]
    seen = {}

    def first():
        with threads(5):
            steps[0].set()
            assert steps[1].wait(30)
            seen["first"] = torch.get_num_threads()
        steps[2].set()

    def second():
        assert steps[0].wait(30)
        before = torch.get_num_threads()
        with threads(7):
            steps[1].set()
            assert steps[2].wait(30)
            seen["second"] = torch.get_num_threads()
        seen["second is given back"] = torch.get_num_threads() == before

    workers = [threading.Thread(target=work) for work in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen == {"first": 5, "second": 7, "second is given back": True}


@pytest.mark.parametrize("encoder", ["cnn", "rnn"])  # any other draws no weights
@pytest.mark.parametrize("sampler", sorted(SAMPLERS.named))
def test_all_weights_and_noise_come_from_the_generator_of_the_training(sampler, encoder):
    ids = torch.tensor([[2, 3, 4, 5, 2], [5, 4, 0, 0, 0]])
    size = {"n_filters": 3, "filter_sizes": (2,)} if encoder == "cnn" else {"hidden_size": 3}
    size = {f"encoder__{name}": value for name, value in size.items()}
    vectors = np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32)

    def draw(seed):
        with isolated(seed, None, "cpu"):
            module = make_network(
                vectors, 2, sampler=sampler, encoder=encoder, **size, predictor__hidden_size=3,
                training__word_dropout=0.3,
            )  # fmt: skip
            weights = torch.cat([p.detach().flatten() for p in module.parameters()])
            return weights, module.train()(ids).logits.detach()

    before = torch.get_rng_state()
    (weights, logits), (same_weights, same_logits), (others, _) = draw(0), draw(0), draw(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(weights, same_weights)
    assert torch.equal(logits, same_logits)
    assert not torch.equal(weights, others)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_computes_in_one_thread(subprocess_environment):
    program = """
import os, threading, torch
from sklearn_irx.nn import isolation
torch.set_num_threads(2)
torch.relu(torch.ones(1_000_000)).sum()  # OpenMP has a pool now
isolation._changing.acquire()  # as if another thread was about to set a number
child = os.fork()
if child == 0:
    with isolation.threads(2):
        right = torch.get_num_threads() == 1 and torch.relu(torch.ones(1_000_000)).sum() == 1e6
    os._exit(0 if right else 1)
isolation._changing.release()
with isolation.threads(3):
    assert torch.get_num_threads() == 3
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**subprocess_environment, "OMP_NUM_THREADS": "2"}, check=True, timeout=120,
    )  # fmt: skip

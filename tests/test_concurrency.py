"""Models used, trained and sent around by many threads and processes at once."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch

from sklearn_irx import InteractiveCommittee, InteractiveEnsemble

N_THREADS = 8
ROUNDS = 6


def fresh_thread_count():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.get_num_threads).result()


@pytest.fixture(autouse=True)
def _nothing_global_changes():
    random, here, elsewhere = torch.get_rng_state(), torch.get_num_threads(), fresh_thread_count()
    numpy_random = np.random.get_state()[1].copy()  # noqa: NPY002
    yield
    assert torch.equal(torch.get_rng_state(), random)
    assert (torch.get_num_threads(), fresh_thread_count()) == (here, elsewhere)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_random)  # noqa: NPY002


@pytest.fixture(scope="module")
def models(fitted, other, reviews):
    texts, y, _ = reviews
    two = InteractiveEnsemble(fitted, other).fit(texts[:50], y[:50])
    many = InteractiveCommittee([("a", fitted), ("b", other)]).fit(texts[:50], y[:50])
    in_three, in_two = (pickle.loads(pickle.dumps(fitted)) for _ in range(2))
    in_three.set_params(n_threads=3)
    in_two.set_params(n_threads=2)
    return [fitted, other, two, many, in_three, in_two]


def answers_of(model, texts):
    rationales = [(r.words, r.label, r.confidence, r.case) for r in model.explain(texts[:5])]
    return model.predict_proba(texts), model.transform(texts), rationales


def assert_same(one, two):
    for a, b in zip(one[:2], two[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[2] == two[2]


def test_threads_that_share_models_get_the_answers_one_thread_gets(models, reviews):
    texts = reviews[0][300:340]
    alone = [answers_of(model, texts) for model in models]
    start = threading.Barrier(N_THREADS)

    def read(worker):
        start.wait(60)
        for turn in range(ROUNDS):
            which = (worker + turn) % len(models)
            assert_same(answers_of(models[which], texts), alone[which])
        return True

    with ThreadPoolExecutor(N_THREADS) as pool:
        assert all(pool.map(read, range(N_THREADS)))


def test_models_trained_in_two_threads_are_those_trained_one_after_the_other(small, reviews):
    texts, y, _ = reviews
    makers = [
        lambda: small(random_state=3),
        lambda: small(random_state=4, sampler="top_k", rationale_length=3, n_threads=2),
        lambda: small(random_state=5, initialization=None, sampler="hard_kuma", encoder="rnn"),
    ]

    def train(make):
        return make().fit(texts[:150], y[:150])

    alone = [train(make) for make in makers]
    with ThreadPoolExecutor(len(makers)) as pool:
        together = list(pool.map(train, makers))
    for one, two in zip(alone, together, strict=True):
        assert_same(answers_of(one, texts[:60]), answers_of(two, texts[:60]))
        np.testing.assert_array_equal(one.history_["train_loss"], two.history_["train_loss"])


def test_members_trained_by_joblib_in_threads_are_those_trained_one_by_one(small, reviews):
    texts, y, _ = reviews
    members = [
        ("a", small(training__max_epochs=1)),
        ("b", small(random_state=1, training__max_epochs=1)),
    ]
    one_by_one = InteractiveCommittee(members).fit(texts[:100], y[:100])
    with joblib.parallel_config("threading"):
        together = InteractiveCommittee(members, n_jobs=2).fit(texts[:100], y[:100])
    assert_same(answers_of(one_by_one, texts[:40]), answers_of(together, texts[:40]))


def test_random_numbers_drawn_meanwhile_by_others_change_nothing(small, reviews):
    texts, y, _ = reviews
    alone = small().fit(texts[:100], y[:100])
    before, stop = torch.get_rng_state(), threading.Event()

    def disturb():
        while not stop.is_set():
            torch.rand(10)
            stop.wait(1e-3)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(disturb)
        try:
            beside = small().fit(texts[:100], y[:100])
        finally:
            stop.set()
    assert not torch.equal(torch.get_rng_state(), before)  # by the other thread alone
    torch.set_rng_state(before)
    assert_same(answers_of(alone, texts[:40]), answers_of(beside, texts[:40]))


def test_a_spawned_process_gives_the_same_answers(fitted, reviews):
    texts = reviews[0][300:330]
    # What a process is to run must be importable there: a method of the model is.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(fitted.predict_proba, texts).result(timeout=120)
    np.testing.assert_array_equal(found, fitted.predict_proba(texts))


def test_two_jobs_use_no_more_threads_than_there_are_cores(tmp_path, subprocess_environment):
    """In a process of its own, where no variable of the environment says how many threads."""
    program = """
import os, sys
import joblib, numpy as np, torch
from pathlib import Path
from sklearn.model_selection import GridSearchCV
from sklearn_irx import InteractiveEnsemble, SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Predictor, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import WordVectors
from skorch.callbacks import Callback

class ThreadsOfTraining(Callback):
    def __init__(self, folder):
        self.folder = folder

    def on_batch_end(self, net, **kwargs):
        with open(os.path.join(self.folder, str(os.getpid())), "a", encoding="utf-8") as file:
            print(torch.get_num_threads(), file=file)

folder = Path(sys.argv[1])
texts, y, _ = make_rationale_classification(60, n_words=40, random_state=0)
vectors = WordVectors(["room"], np.ones((1, 4)))

def small(where):
    where.mkdir()
    return SelectiveRationaleClassifier(
        encoder=CNN((3,), n_filters=4), predictor=Predictor(4), embeddings=vectors, random_state=0,
        training=Training(max_epochs=1, callbacks=[ThreadsOfTraining(str(where))]),
    )

clf = small(folder / "here").fit(texts, y)
before = clf.predict_proba(texts)
ensemble = InteractiveEnsemble(small(folder / "a"), small(folder / "b"), n_jobs=2).fit(texts, y)
grid = GridSearchCV(small(folder / "grid"), {"lambda1": [0.01, 0.02]}, cv=2, n_jobs=2)
grid.fit(texts, y)
for answer in joblib.Parallel(n_jobs=2)([joblib.delayed(clf.predict_proba)(texts)] * 2):
    np.testing.assert_array_equal(answer, before)
np.testing.assert_array_equal(clf.predict_proba(texts), before)
np.testing.assert_array_equal(ensemble.estimators_[0].predict_proba(texts), before)
print(joblib.cpu_count(), os.getpid())
"""
    environment = {k: v for k, v in subprocess_environment.items() if "NUM_THREADS" not in k}
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)],
        env=environment, check=False, timeout=300, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    n_cores, parent = map(int, said.stdout.split())
    allowed = max(1, n_cores // 2)
    for part in ("a", "b", "grid"):
        counts = {
            int(line)
            for file in (tmp_path / part).iterdir()
            if file.name != str(parent)  # the best of a grid is fitted anew by the parent
            for line in file.read_text(encoding="utf-8").split()
        }
        assert counts, part
        assert max(counts) <= allowed, part


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_process_that_has_computed_may_be_forked(subprocess_environment):
    """OpenMP's threads are not there in the child, which must not wait for them."""
    program = """
import multiprocessing, pickle
import joblib, numpy as np, torch
from sklearn.model_selection import GridSearchCV
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import WordVectors

texts, y, _ = make_rationale_classification(80, n_words=60, random_state=0)
words = np.random.RandomState(0).normal(size=(1, 300))
clf = SelectiveRationaleClassifier(
    training=Training(max_epochs=1), embeddings=WordVectors(["room"], words), n_threads=2,
    random_state=0,
).fit(texts, y)
said = clf.predict_proba(texts)
kept = pickle.dumps(clf)

def read(queue):
    queue.put((clf.predict_proba(texts), pickle.loads(kept).predict_proba(texts)))

context = multiprocessing.get_context("fork")
queue = context.SimpleQueue()
child = context.Process(target=read, args=(queue,))
child.start()
for answer in queue.get():
    np.testing.assert_allclose(answer, said, atol=1e-5)
child.join()
with joblib.parallel_config("multiprocessing", n_jobs=2):
    grid = GridSearchCV(clf, {"lambda1": [0.01, 0.02]}, cv=2).fit(texts, y)
print(grid.best_params_)
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**subprocess_environment, "OMP_NUM_THREADS": "2"}, check=True, timeout=240,
    )  # fmt: skip

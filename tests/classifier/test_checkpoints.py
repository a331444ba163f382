"""Training that is cut off goes on, and ends with the weights it would have had."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_irx import InteractiveEnsemble

DEMANDING = {
    "rationale_length": 6,
    "objective": "dr",
    "training__patience": 1,
}


class Cut(Callback):
    """Press Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch, batch=2):
        self.epoch = epoch
        self.batch = batch

    def on_batch_end(self, net, training, **kwargs):
        if training and (len(net.history), len(net.history[-1, "batches"])) == (
            self.epoch,
            self.batch,
        ):
            signal.raise_signal(signal.SIGINT)


def assert_same(one, two, texts):
    np.testing.assert_array_equal(one.predict_proba(texts), two.predict_proba(texts))
    np.testing.assert_array_equal(one.transform(texts), two.transform(texts))
    assert one.history_.keys() == two.history_.keys()
    for name, values in one.history_.items():
        if name != "seconds":
            np.testing.assert_array_equal(two.history_[name], values, name)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        DEMANDING,
        {
            "sampler": "reinforce",
            "initialization": None,
            "training__warmup_epochs": 1,
            "training__ramp_epochs": 1,
        },
        {"sampler": "gumbel", "predictor__share_encoder": True, "max_transitions": 6},
        {"calibration": "temperature", "training__learning_rate": 0.2, "training__patience": 1},
        {"training__n_iter_no_change": 1, "training__learning_rate": 0.3},
        {"objective": "encoding_penalty", "predictor__share_embeddings": True},
    ],
)
def test_what_was_cut_off_goes_on(small, reviews, tmp_path, parameters):
    texts, y, _ = reviews
    parameters = {**parameters, "training__max_epochs": 5, "training__batch_size": 32}
    whole = small(**parameters).fit(texts[:120], y[:120])
    for epoch in (2, 4):
        cut = small(
            **parameters, training__checkpoint_dir=tmp_path, training__callbacks=[Cut(epoch)]
        )
        if len(whole.history_["epoch"]) < epoch:
            continue
        with pytest.raises(KeyboardInterrupt):
            cut.fit(texts[:120], y[:120])
        assert not hasattr(cut, "classes_")
    seen = []

    class Count(Callback):
        def on_epoch_begin(self, net, **kwargs):
            seen.append(len(net.history))

    again = small(**parameters, training__checkpoint_dir=tmp_path, training__callbacks=[Count()])
    again.fit(texts[:120], y[:120])
    assert_same(whole, again, texts)
    assert seen[0] > 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_finished_training_is_not_done_again(small, reviews, tmp_path):
    texts, y, _ = reviews
    first = small(training__checkpoint_dir=tmp_path).fit(texts[:60], y[:60])
    cut = Cut(1, 1)
    assert_same(
        first,
        small(training__checkpoint_dir=tmp_path, training__callbacks=[cut]).fit(texts[:60], y[:60]),
        texts,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given["parameters"].update(lambda1=0.02),
        lambda given: given["parameters"].update(random_state=1),
        lambda given: given["parameters"].update(training__learning_rate=0.02),
        lambda given: given["parameters"].update(encoder__n_filters=9),
        lambda given: given.update(texts=given["texts"][::-1]),
        lambda given: given.update(sample_weight=np.arange(1, 61)),
    ],
)
def test_another_training_has_a_file_of_its_own(small, reviews, tmp_path, change):
    given = {
        "texts": reviews[0][:60],
        "sample_weight": None,
        "parameters": {"training__max_epochs": 1},
    }
    for _ in range(2):
        clf = small(training__checkpoint_dir=tmp_path, **given["parameters"])
        clf.fit(given["texts"], reviews[1][:60], given["sample_weight"])
        change(given)
    assert len(list(tmp_path.iterdir())) == 2


def test_members_share_a_folder(small, reviews, tmp_path):
    texts, y, _ = reviews
    one, two = (
        small(training__checkpoint_dir=tmp_path),
        small(training__checkpoint_dir=tmp_path, random_state=1),
    )
    both = InteractiveEnsemble(one, two, n_jobs=2).fit(texts[:60], y[:60])
    assert len(list(tmp_path.iterdir())) == 2
    two.set_params(training__callbacks=[Cut(1, 1)])
    again = InteractiveEnsemble(one, two).fit(texts[:60], y[:60])
    np.testing.assert_array_equal(again.predict_proba(texts), both.predict_proba(texts))


def test_a_damaged_file_is_named(small, reviews, tmp_path):
    texts, y, _ = reviews
    small(training__checkpoint_dir=tmp_path).fit(texts[:60], y[:60])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=f"{path.name} cannot be read .* delete it"):
        small(training__checkpoint_dir=tmp_path).fit(texts[:60], y[:60])


def test_a_file_with_code_in_it_is_not_run(small, reviews, tmp_path):
    import torch

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    texts, y, _ = reviews
    small(training__checkpoint_dir=tmp_path).fit(texts[:60], y[:60])
    (path,) = tmp_path.iterdir()
    torch.save({"format": Evil()}, path)
    with pytest.raises(ValueError, match="cannot be read"):
        small(training__checkpoint_dir=tmp_path).fit(texts[:60], y[:60])
    assert not (tmp_path / "evil").exists()


def test_a_random_state_is_needed(small, reviews, tmp_path):
    with pytest.raises(ValueError, match="random_state=None: give random_state a number"):
        small(training__checkpoint_dir=tmp_path, random_state=None).fit(
            reviews[0][:60], reviews[1][:60]
        )


def test_a_folder_that_cannot_be_written_to(small, reviews, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"checkpoint_dir='.*file' cannot be written to"):
        small(training__checkpoint_dir=tmp_path / "file").fit(reviews[0][:60], reviews[1][:60])


PROGRAM = """
import sys
import numpy as np
from sklearn_irx import SelectiveRationaleClassifier
from sklearn_irx.components import CNN, Predictor, Training
from sklearn_irx.datasets import make_rationale_classification
from sklearn_irx.text import WordVectors

texts, y, _ = make_rationale_classification(200, n_classes=3, n_words=40, random_state=0)
words = ["room", "ants", "porridge", "drains"]
vectors = WordVectors(words, np.random.RandomState(0).normal(size=(4, 8)))
clf = SelectiveRationaleClassifier(
    encoder=CNN((3,), n_filters=8), predictor=Predictor(8), embeddings=vectors, n_threads=1,
    training=Training(checkpoint_dir=sys.argv[1] or None, max_epochs=15, batch_size=16),
    random_state=0,
)
print("begins", flush=True)
clf.fit(texts, y)
np.save(sys.argv[2], clf.predict_proba(texts))
"""


@pytest.mark.parametrize("n_kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_killed_at_any_moment(n_kills, tmp_path, subprocess_environment):
    def run(folder, result, seconds=None):
        """Give whether it ended by itself, and how long it took."""
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), str(result)],
            env=subprocess_environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout.readline() == "begins\n"
        start = time.perf_counter()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        assert process.returncode in (0, -signal.SIGKILL)
        return process.returncode == 0, time.perf_counter() - start

    ended, took = run("", tmp_path / "whole.npy")
    assert ended
    draw = random.Random(0)
    folder = tmp_path / "checkpoints"
    killed = 0
    while killed < n_kills:
        ended, _ = run(folder, tmp_path / "resumed.npy", draw.uniform(0, 0.7 * took))
        killed += not ended
        if ended:
            assert_equal_files(tmp_path)
            shutil.rmtree(folder)
    ended, _ = run(folder, tmp_path / "resumed.npy")
    assert ended
    assert_equal_files(tmp_path)


def assert_equal_files(folder):
    whole, resumed = (np.load(folder / f"{name}.npy") for name in ("whole", "resumed"))
    np.testing.assert_array_equal(resumed, whole)

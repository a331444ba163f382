import subprocess
import sys

import pytest

import sklearn_irx
from sklearn_irx.cli import main


def test_help_lists_the_commands_without_loading_what_they_need():
    program = (
        "import sys; sys.argv = ['sklearn-irx', '--help']\n"
        "from sklearn_irx.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(sorted({'torch', 'pandas', 'sklearn', 'gensim'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    for command in ("demo", "fit", "predict", "explain", "report", "serve"):
        assert f" {command} " in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"


def test_version(cli):
    assert cli("--version").stdout == f"sklearn-irx {sklearn_irx.__version__}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["fit"], ["demo", "--seed", "x"]])
def test_a_wrong_call_exits_with_2(cli, arguments):
    result = cli(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(
        "sklearn_irx.cli.find_spec", lambda name: None if name == "typer" else object()
    )
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == (
        'The command line needs typer, which the extra installs: pip install "sklearn-irx[cli]"'
    )

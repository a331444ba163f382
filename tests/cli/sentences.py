"""What commands say."""


def sentence(result):
    """Return the one line on stderr that says what is wrong."""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert "Traceback" not in result.output
    return lines[0]

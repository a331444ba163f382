"""What a report and an audit have in common: a page to keep, and to show in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from pathlib import Path


class Page(ABC):
    """Base of what is one HTML page."""

    @property
    @abstractmethod
    def html(self) -> str:
        """The page."""

    def write_html(self, path: str | Path) -> None:
        """Write the page to a file; a file of this name is replaced.

        Parameters
        ----------
        path : str or Path
            Where to write, UTF-8.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        Path(path).write_text(self.html, encoding="utf-8")


def framed(html: str, title: str, *, height: int, sandbox: str) -> str:
    """Return a page in a frame of its own: neither styles nor scripts meet those of a notebook.

    `height` is in rem; `sandbox` is what the page may do, as the attribute of an iframe says it.
    """
    return (
        f'<iframe title="{escape(title)}" {sandbox} style="display: block; box-sizing: '
        f"border-box; width: 100%; height: {height}rem; border: 1px solid #8888; "
        f'border-radius: .5rem" srcdoc="{escape(html)}"></iframe>'
    )

"""Whoever sits at the machine, as the flows see them."""

from typing import Protocol


class Person(Protocol):
    """Somebody to talk to, if there is."""

    @property
    def is_present(self) -> bool:
        """Whether anybody can answer."""
        ...

    @property
    def has_browser(self) -> bool:
        """Whether a page can be opened here."""
        ...

    def open_page(self, url: str) -> None:
        """Open a page in the browser, and do not wait for it."""
        ...

    def tell(self, text: str) -> None:
        """Tell them something."""
        ...

    def ask(self, question: str) -> str:
        """Ask something that is answered in one line."""
        ...

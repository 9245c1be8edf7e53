"""What one does with a page that is open in a browser."""

from typing import Any


def settle(page: Any) -> None:
    """Wait until what was done has been shown: two frames, in which a change of the address and observers have their turn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")


def look_at(page: Any, view: str) -> None:
    """Go to a view of the page that is open."""
    page.evaluate(f"location.hash = '{view}'")
    settle(page)


def hash_of(page: Any) -> str:
    settle(page)
    found: str = page.evaluate("location.hash")
    return found

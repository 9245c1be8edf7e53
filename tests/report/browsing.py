"""What one does with a page that is open in a browser."""

from typing import Any

EVIL = '"><script>document.title="owned"</script><img src=x onerror=alert(1)>'
"""A name that would run a script where it is taken for HTML."""

WATCH = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
"""Counts the layout shifts of a page, in ``window.shifts``."""

SMALL_TARGETS = """
(least) => {
  const small = [];
  const sentences = "p, .me-headline, .answer, figcaption, footer, small, .me-caption, .legend";
  for (const one of document.querySelectorAll("a[href], button, input, select, summary, textarea, [tabindex='0'], [data-tip]")) {
    if (!one.checkVisibility() || one.closest("svg") || one.matches("svg, .scroller, .room, .skip")) continue;
    const around = one.parentElement.closest(sentences);
    const isWord = getComputedStyle(one).display === "inline" && around && around.textContent.trim() !== one.textContent.trim();
    if (isWord) continue;
    const boxes = [one, one.closest("label")].filter(Boolean).map((each) => each.getBoundingClientRect());
    if (boxes.every((box) => box.width < least - 0.5 || box.height < least - 0.5))
      small.push(`${one.outerHTML.slice(0, 90)}: ${boxes.map((box) => `${box.width} x ${box.height}`)}`);
  }
  return small;
}
"""
"""What one presses and is smaller than so many px, but for words within a sentence and the points of a map."""


def settle(page: Any) -> None:
    """Wait until what was done has been shown: two frames, in which a change of the address and observers have their turn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")


def escape(page: Any) -> None:
    """Leave a view by Escape, which may be a step back in the history: wait until the page has been told of it."""
    page.evaluate(
        "() => { window.left = new Promise((done) => addEventListener('hashchange', () => done(), { once: true })) }"
    )
    page.keyboard.press("Escape")
    page.evaluate("window.left")
    settle(page)


def look_at(page: Any, view: str) -> None:
    """Go to a view of the page that is open."""
    page.evaluate(f"location.hash = '{view}'")
    settle(page)


def hash_of(page: Any) -> str:
    settle(page)
    found: str = page.evaluate("location.hash")
    return found


def inspected(manifest: dict[str, Any]) -> None:
    """Make a run one of `inspect`: the numbers of its channels, and pictures of two."""
    manifest["kind"] = "inspect"
    for depth, layer in enumerate(manifest["layers"]):
        mean = 0.1 + 0.2 * depth
        layer["entanglement"] = {"mean": mean, "low": mean - 0.05, "high": mean + 0.05, "null": 0.04}
        layer["channel_stats"] = [
            {
                "channel": number,
                "facets": 3,
                "entanglement": number * 7 % 11 / 20,
                "spread": None if number == 4 else 0.5,
            }
            for number in range(10)
        ]
        first = layer["facets"][0]
        examples = [{"path": member["path"], "activation": 2.5} for member in first["members"]]
        own = [
            {"index": index, "size": 30, "picture": first["picture"], "start": first["start"], "members": examples}
            for index in range(2)
        ]
        layer["channel_pictures"] = [
            {"channel": channel, "which": which, "picture": first["picture"], "start": first["start"]}
            | {"silhouette": 0.3, "examples": examples, "facets": own}
            for channel, which in ((7, "most"), (2, "least"))
        ]


def fingers(page: Any, *places: list[tuple[float, float]]) -> None:
    """Fingers, each a list of places in the window, put down together, moved step by step, and lifted."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: list[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", [finger[0] for finger in places])
    for step in range(1, len(places[0])):
        send("touchMove", [finger[step] for finger in places])
    send("touchEnd", [])
    settle(page)


def line(start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> list[tuple[float, float]]:
    return [
        (start[0] + (end[0] - start[0]) * n / steps, start[1] + (end[1] - start[1]) * n / steps)
        for n in range(steps + 1)
    ]


def drag(page: Any, corners: list[tuple[float, float]]) -> None:
    """The pointer along corners, in shares of the map's width and height."""
    box = page.locator(".me-map svg").bounding_box()
    places = [(box["x"] + box["width"] * across, box["y"] + box["height"] * down) for across, down in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    settle(page)


def draw_line(page: Any, corners: list[tuple[float, float]]) -> None:
    """Draw a line around photos of the map, which selects them: a drag while Shift is held."""
    page.keyboard.down("Shift")
    drag(page, corners)
    page.keyboard.up("Shift")

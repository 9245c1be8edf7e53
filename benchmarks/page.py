"""How large the page of a run is, and how long a browser takes to open it from disk.

    python benchmarks/page.py runs/ants

The page is written anew beside the run's own, in a temporary folder, and opened in a Chromium without a window, five times, at
1440 × 900 px, each time in a browser that has kept nothing. What is told is the median: until the document is there and its scripts
have run (DOMContentLoaded), until all of it has loaded, and until the first picture is seen; and for how long the page's main
thread computed, which is what remains where nothing else runs on the machine.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from mindseye.report.page.write import page_of
from mindseye.runs.folder import RunFolder

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TIMES = """
() => {
  const { domContentLoadedEventEnd, loadEventEnd } = performance.getEntriesByType("navigation")[0];
  return [domContentLoadedEventEnd, loadEventEnd, performance.getEntriesByName("first-contentful-paint")[0].startTime];
}
"""


def main() -> None:
    """Write, open, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        began = time.perf_counter()
        manifest = RunFolder(arguments.run).read()
        page.write_text(page_of(arguments.run, manifest), "utf-8", "replace")
        seconds = time.perf_counter() - began
        print(
            f"{len(manifest.facets)} pictures of facets over {len(manifest.layers)} layers, {manifest.images.count} photos: "
            f"{page.stat().st_size / 1e6:.2f} MB, written in {seconds:.1f} s"
        )
        path = next(filter(None, map(shutil.which, BROWSERS)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
            )
            rows = [opening_times(browser, page) for _ in range(arguments.times)]
            browser.close()
    names = ("scripts have run", "loaded", "first picture", "computed")
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        print(
            f"{name:<17} {statistics.median(values) / 1000:.2f} s  ({min(values) / 1000:.2f} to {max(values) / 1000:.2f})"
        )


def opening_times(browser: Browser, page: Path) -> list[float]:
    """Milliseconds of one opening: those of ``TIMES``, and what the page's main thread computed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    metrics = context.new_cdp_session(opened)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    opened.goto(page.as_uri(), wait_until="load")
    opened.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    times: Any = opened.evaluate(TIMES)
    kept = {metric["name"]: metric["value"] for metric in metrics.send("Performance.getMetrics")["metrics"]}
    context.close()
    return [*(float(value) for value in times), 1000 * float(kept["TaskDuration"])]


if __name__ == "__main__":
    main()

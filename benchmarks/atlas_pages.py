"""How the pages of an atlas bear thousands of channels.

    python benchmarks/atlas_pages.py ATLAS --channels 5000

A layer of a finished atlas is multiplied to thousands of channels (its small pictures are copied), and opened in Chromium: size of
the page, time to the first picture on a clock and in seconds of the processor of all of the browser's processes, memory of the
browser's tab, and the time that sorting takes.
"""

import argparse
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mindseye.report.atlas import write_assets, write_layer_page, write_network_page
from mindseye.runs.atlas import AtlasFolder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("atlas", metavar="ATLAS")
    parser.add_argument("--channels", type=int, default=5000)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    measure_pages(parser.parse_args())


def measure_pages(options: argparse.Namespace) -> None:
    """Print how the first page and a layer's sheet of many channels behave in a browser."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, layer = multiply(Path(options.atlas), Path(place), options.channels)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=options.browser, args=flags)
        print(
            "| page | KB | first picture, ms | of the processor, ms | JS heap, MB | tab, MB | sort or search, ms |\n"
            "|---|---|---|---|---|---|---|"
        )
        for name in (f"{layer}/index.html", "index.html"):
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.goto("about:blank")
            page.wait_for_timeout(500)
            begun, used = time.perf_counter(), processor_seconds()
            page.goto((folder / name).as_uri(), wait_until="commit")
            while not page.evaluate("[...document.images].some((one) => one.naturalWidth > 1)"):
                page.wait_for_timeout(5)
            first, cost = 1000 * (time.perf_counter() - begun), 1000 * (processor_seconds() - used)
            page.wait_for_load_state("load")
            page.mouse.wheel(0, 20000)
            page.wait_for_timeout(1000)
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            tab = max(resident(process) for process in browsers(b"--type=renderer"))
            took = page.evaluate(change("order", "1", "change") if "/" in name else change("search", "12", "input"))
            size = (folder / name).stat().st_size / 1000
            print(
                f"| {name} | {size:.0f} | {first:.0f} | {cost:.0f} | {heap:.0f} | {tab:.0f} | {took:.0f} |", flush=True
            )
            page.close()
        browser.close()


CHANGE = """async () => {
  const field = document.getElementById("NAME"), begun = performance.now();
  field.value = "VALUE";
  field.dispatchEvent(new Event("EVENT"));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}"""
"""A field is changed, and two frames have passed, after which what was done has been shown."""


def change(name: str, value: str, event: str) -> str:
    """The script that changes a field of a page and says how many milliseconds that took."""
    return CHANGE.replace("NAME", name).replace("VALUE", value).replace("EVENT", event)


def multiply(atlas: Path, place: Path, count: int) -> tuple[Path, str]:
    """An atlas whose last layer has so many channels, each with the pictures of one that is there; its folder and the layer's."""
    record = AtlasFolder(atlas).read()
    layer = record.layers[-1]
    there = layer.entries
    (place / layer.folder).mkdir()
    for number in range(count):
        source = atlas / layer.folder / f"{there[number % len(there)].channel:04d}-small.webp"
        (place / layer.folder / f"{number:04d}-small.webp").write_bytes(source.read_bytes())
    layer.entries = [
        replace(there[number % len(there)], channel=number, place=(number % 71 / 70, number // 71 * 70 / count))
        for number in range(count)
    ]
    layer.groups = []
    write_assets(place)
    write_layer_page(place, record, len(record.layers) - 1, range(count), [])
    write_network_page(place, record, {layer.layer: range(count)})
    return place, layer.folder


def browsers(kind: bytes) -> list[int]:
    """The processes of the browser that this process has begun, of a kind such as ``--type=renderer``; all with an empty one."""
    own, processes = os.getpid(), []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if b"chrom" in command and kind in command and own in ancestors(int(path.name)):
            processes.append(int(path.name))
    return processes


def processor_seconds() -> float:
    """Seconds of the processor that all of the browser's processes have used."""
    ticks = 0
    for process in browsers(b""):
        with suppress(OSError):
            fields = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def ancestors(process: int) -> list[int]:
    """The processes that began a process, itself first."""
    chain = [process]
    while chain[-1] > 1:
        try:
            chain.append(int((Path("/proc") / str(chain[-1]) / "stat").read_text().rpartition(")")[2].split()[1]))
        except (OSError, IndexError, ValueError):
            break
    return chain


def resident(process: int) -> float:
    """Megabytes that a process holds for itself alone (proportional set size, where it may be read)."""
    try:
        text = (Path("/proc") / str(process) / "smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1000
    except (OSError, StopIteration):
        return float("nan")


if __name__ == "__main__":
    main()

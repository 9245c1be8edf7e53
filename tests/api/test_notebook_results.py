"""Results of the commands in a real notebook: each shows itself, with bars while it is made and a link to its page."""

import re
from pathlib import Path

import pytest
from PIL import Image

TESTS = Path(__file__).parent.parent
BEGIN = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import mindseye
from nets import TinyConv, seeded
network = seeded(TinyConv)
quick = {{"steps": 2, "size": 32, "snapshots": 1}}
"""
CALLS = {
    "paint": 'mindseye.paint(["stem:1", "stem:2"], network, out="painted", **quick)',
    "explain": 'mindseye.explain("photos/ant/0.png", network, method="saliency,grad-cam", target="stem:1", size=32, '
    'out="explained")',
    "examples": 'mindseye.examples("photos/ant", network, layer="stem", channels=[1, 2], size=32, out="examples")',
    "batch": 'mindseye.batch("photos", network, "body.2", facets=2, out="batch", **quick)',
}
PICTURES = {"paint": 2, "explain": 2, "examples": 2, "batch": 4}
PAGES = {
    "paint": "painted/report.html",
    "explain": "explained/report.html",
    "examples": "examples/report.html",
    "batch": "batch/index.html",
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The cells of a notebook in which each call was made, by its name."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("captum")
    place = tmp_path_factory.mktemp("notebook")
    for number in range(12):
        path = place / "photos" / ("ant" if number < 6 else "bee") / f"{number % 6}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((40, 40), 10 * number + 5).convert("RGB").save(path)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (BEGIN, *CALLS.values())])
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(place)}}
    )
    client.execute()
    return dict(zip(CALLS, notebook.cells[1:], strict=True))


@pytest.mark.parametrize("name", CALLS)
def test_a_result_shows_itself(cells, name: str) -> None:
    """Its pictures, inline, and a link to its page, which the notebook's server can follow; nothing on stderr."""
    (result,) = [output for output in cells[name].outputs if output.output_type == "execute_result"]
    html = result.data["text/html"]
    assert len(re.findall(r'<img [^>]*src="data:image/', html)) >= PICTURES[name]
    assert re.findall(r'<a href="([^"]*)"', html) == [PAGES[name]]
    assert not [output for output in cells[name].outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("name", CALLS)
def test_there_was_a_bar(cells, name: str) -> None:
    """At least one, and all of them are gone."""
    bars = [output.data["text/html"] for output in cells[name].outputs if output.output_type == "display_data"]
    assert bars
    assert set(bars) == {""}

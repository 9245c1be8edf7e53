"""The styles of a notebook and those of a result in it, in a real browser."""

from pathlib import Path

from PIL import Image

from mindseye.report.html import grid, html_block, table
from mindseye.report.screen import first_screen

JUPYTER = """
.out { font: 13px/1.2 serif; text-align: right; white-space: pre; letter-spacing: 2px; }
.out.common strong, .out.common b { font-weight: bold; }
.out.common h1, .out.common h2 { font-size: 30px; margin: 20px 0; }
.out.common dl dt { float: left; clear: left; font-weight: bold; width: 20%; }
.out.common dl dd { margin-left: 30%; }
.out.common p { text-align: left; margin: 0 0 1em; }
.out.common table { border-collapse: collapse; border: 3px solid; font-size: 20px; table-layout: fixed; margin: 0 auto 1em; }
.out.common thead { border-bottom: 3px solid; vertical-align: bottom; }
:not(.markdown).out.common td, :not(.markdown).out.common th, :not(.markdown).out.common tr { color: rgb(200, 0, 0);
  text-align: right; vertical-align: middle; padding: 0.5em; line-height: normal;
  white-space: nowrap; max-width: 10px; border: none; }
.out.common th { font-weight: bold; }
.out.common tbody tr:nth-child(odd) { background: rgb(200, 200, 200); }
.out.common img { display: inline; margin: 5px auto; max-width: 50%; }
.out.common > *:last-child { margin-bottom: 0.5em; }
"""
"""What JupyterLab 4, the classic notebook and nbconvert say of the HTML in an output, made worse."""
INK = ".out { color: rgb(10, 20, 30); }"
STYLES = """
(root) => [...document.querySelectorAll(`${root}, ${root} *`)].filter((node) => node.tagName !== "STYLE").map((node) => {
  const style = getComputedStyle(node);
  const names = [...style].filter((name) => !name.startsWith("--"));
  return [node.tagName, ...names.map((name) => `${name}: ${style.getPropertyValue(name)}`)];
})
"""


def write_notebook(path: Path, css: str, *results: str) -> Path:
    """Results as the outputs of a notebook with these styles, after what the notebook itself shows."""
    own = "<h1>t</h1><p>p</p><dl><dt>a</dt><dd>b</dd></dl><table><tbody><tr><th>h</th><td>1</td></tr></tbody></table>"
    outputs = "".join(f'<div class="out common">{html}</div>' for html in results)
    page = f'<!doctype html><style>{INK}{css}</style><div class="out common own">{own}</div>{outputs}'
    path.write_text(page, "utf-8")
    return path


def test_a_notebooks_styles_and_ours_are_apart(make_run, visit, tmp_path: Path) -> None:
    """Every element of a result looks as it does without the notebook's styles; what the notebook shows itself looks as it does
    without any result beside it."""
    Image.new("RGB", (60, 40), (9, 99, 9)).save(tmp_path / "a.png")
    results = (
        first_screen(make_run(layers=2, facets=3)),
        html_block(
            "both",
            table([{"name": "a", "number": 1.5}, {"name": "b", "number": None}]),
            grid([("c", tmp_path / "a.png")]),
        ),
    )
    alone = visit(write_notebook(tmp_path / "alone.html", "", *results)).evaluate(STYLES, ".mindseye")
    styled = visit(write_notebook(tmp_path / "styled.html", JUPYTER, *results)).evaluate(STYLES, ".mindseye")
    assert [set(plain) ^ set(other) for plain, other in zip(alone, styled) if plain != other] == []
    assert len(alone) == len(styled) > 100
    bare = visit(write_notebook(tmp_path / "bare.html", JUPYTER)).evaluate(STYLES, ".own")
    assert visit(tmp_path / "styled.html").evaluate(STYLES, ".own") == bare

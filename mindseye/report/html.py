"""Results as small pieces of HTML for a notebook: tables, and strips of pictures; everything that is told is escaped."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PIL import Image
from torch import Tensor

SIDE, MOST_TILES, MOST_ROWS = 96, 12, 40
STYLE = """<style>
.mindseye-result { font: 14px/1.4 system-ui, sans-serif; color: inherit; }
.mindseye-result table { border-collapse: collapse; margin: 4px 0; font-size: 13px; }
.mindseye-result th, .mindseye-result td { text-align: left; padding: 2px 12px 2px 0; border: 0; background: none; }
.mindseye-result th { font-weight: 600; border-bottom: 1px solid currentColor; }
.mindseye-result .strip { display: flex; flex-wrap: wrap; gap: 2px; margin: 2px 0 10px; }
.mindseye-result img { width: 96px; height: 96px; margin: 0; padding: 0; border: 0; }
.mindseye-result p { margin: 4px 0 2px; padding: 0; }
</style>"""


def html_table(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """Rows of the same keys as a table under a title; of many, the first."""
    if not rows:
        return _block(title, "")
    head = "".join(f"<th>{escape(str(key))}</th>" for key in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_shown(value))}</td>' for value in row.values())}</tr>" for row in rows[:MOST_ROWS]
    )
    more = f"<p>and {len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    return _block(title, f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}")


def html_strips(images: Mapping[str, Tensor], title: str) -> str:
    """Images, uint8 [n, channels, side, side], a strip of small tiles under each name; of many, the first."""
    strips = [
        f"<p>{escape(name)}</p><div class='strip'>{''.join(_tile(image) for image in some[:MOST_TILES])}</div>"
        for name, some in images.items()
    ]
    return _block(title, "".join(strips[:MOST_ROWS]))


def _block(title: str, content: str) -> str:
    return f"{STYLE}<div class='mindseye-result'><p><strong>{escape(title)}</strong></p>{content}</div>"


def _tile(image: Tensor) -> str:
    pixels = image if len(image) == 3 else image[:1].expand(3, -1, -1)
    tile = Image.fromarray(pixels.movedim(0, -1).contiguous().numpy()).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    tile.save(buffer, "JPEG", quality=85)
    return f"<img alt='' src='data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}'>"


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)

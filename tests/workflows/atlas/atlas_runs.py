"""A small atlas: made here, or in a process that is to be killed; and what it leaves."""

from pathlib import Path

from nets import TinyConv, seeded

import mindseye

QUICK = {
    "layers": "body.0,body.2",
    "channels": 3,
    "size": 32,
    "steps": 4,
    "batch_size": 2,
    "quiet": True,
    "device": "cpu",
    "command": "mindseye atlas",
}


def run(photos, out, **changes):
    """The same atlas, in this process."""
    return mindseye.atlas(photos, seeded(TinyConv), out=out, **QUICK | changes)


def files(out):
    """Every page, picture and record by its path: its bytes. What the ledger keeps for itself has times in it."""
    kinds = (".html", ".webp", ".json", ".css", ".js", ".safetensors")
    found = {
        path.relative_to(out): path.read_bytes()
        for path in sorted(Path(out).rglob("*"))
        if path.suffix in kinds and not path.relative_to(out).parts[0].startswith("ledger")
    }
    assert found
    return found

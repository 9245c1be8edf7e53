"""Where runs go whose folder is not named, whatever the command: beside each other (``paint``: test_paint_again)."""

import pytest
from byhand import write_photos
from nets import TinyConv, seeded

import mindseye

STEPS = {"steps": 2, "quiet": True}
COMMANDS = {
    "inspect": lambda net, seed: mindseye.inspect(
        "photos", net, layers=["body.0"], facets=2, cache=False, seed=seed, **STEPS
    ),
    "accentuate": lambda net, seed: mindseye.accentuate("photos/01.png", "body.2:1", net, seed=seed, **STEPS),
    "invert": lambda net, seed: mindseye.invert("photos/01.png", net, "body.2", seed=seed, **STEPS),
    "explain": lambda net, seed: mindseye.explain("photos/01.png", net, method="saliency", seed=seed, quiet=True),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_another_seed_goes_to_a_folder_of_its_own(command, tmp_path, monkeypatch):
    """The second beside the first, which stays as it is."""
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 8)
    first = COMMANDS[command](seeded(TinyConv), 0)
    kept = (first.path / "run.json").read_bytes()
    second, again = (COMMANDS[command](seeded(TinyConv), seed) for seed in (1, 0))
    assert second.path == first.path.with_name(f"{first.path.name}-2")
    assert again.path == first.path
    assert (first.path / "run.json").read_bytes() == kept
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == sorted([first.path.name, second.path.name])

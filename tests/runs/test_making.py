"""The making of pictures as runs of both kinds record it."""

import pytest

from mindseye.errors import UserError
from mindseye.runs.making import Making, makings
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest, PictureEntry, StepEntry


def entry(index, name, steps, **changes):
    kept = [StepEntry(step, f"steps/{name}/step-{step:05d}.png") for step in steps]
    paths = {"picture": f"pictures/{name}.png", "start": f"starts/{name}.png"}
    return PictureEntry(index=index, steps=kept, **paths | changes)


def facet(picture):
    return FacetEntry(index=picture.index, picture=picture.picture, start=picture.start, steps=picture.steps)


def test_facets_and_objectives_alike():
    """Layer by layer and facet by facet, or objective by objective: start, then steps by their number."""
    pictures = [entry(0, "a/facet-00", [20, 5]), entry(1, "a/facet-01", [5])]
    wanted = [
        Making(
            0,
            "pictures/a/facet-00.png",
            ("starts/a/facet-00.png", *(f"steps/a/facet-00/step-000{n}.png" for n in ("05", "20"))),
        ),
        Making(1, "pictures/a/facet-01.png", ("starts/a/facet-01.png", "steps/a/facet-01/step-00005.png")),
    ]
    layers = [LayerEntry(f"{number}", facets=[facet(picture)]) for number, picture in enumerate(pictures)]
    assert makings(Manifest("visualize", layers=layers)) == wanted
    assert makings(Manifest("paint", pictures=pictures)) == wanted


def test_what_was_not_painted_or_kept_no_steps_is_left_out():
    """A failed picture has none, and without steps there is no making."""
    failed, still, plain = entry(0, "a", [5], picture=None), entry(1, "b", []), entry(2, "c", [5], start=None)
    manifest = Manifest("paint", pictures=[failed, still, plain])
    assert makings(manifest) == [Making(2, "pictures/c.png", ("steps/c/step-00005.png",))]
    assert makings(Manifest("paint")) == []


@pytest.mark.parametrize("path", ["../photo.png", "steps/../../photo.png", "/etc/photo.png"])
@pytest.mark.parametrize("key", ["picture", "start"])
def test_paths_that_lead_out_of_the_run_are_refused(path, key):
    """A run may come from somewhere else, and what it names is read and written beside."""
    with pytest.raises(UserError, match="no file of the run"):
        makings(Manifest("paint", pictures=[entry(0, "a", [5], **{key: path})]))

"""The page of a run as a file: what is in it, and how large it is."""

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
from page_files import content_in, manifest_in
from PIL import Image

from mindseye.report.glossary import FAMILIES, MEASURES
from mindseye.report.page import write_page
from mindseye.report.page.content import content_of
from mindseye.report.page.front import front_of
from mindseye.report.page.headlines import headlines, mean_score
from mindseye.report.page.map import photo_map
from mindseye.report.page.measures import numbers_of
from mindseye.report.page.photos import MOST, Photos
from mindseye.report.page.pictures import PageImages, Sizes, choose_sizes
from mindseye.report.page.templates import policy, render, script
from mindseye.runs.schema import FacetEntry, LayerEntry, Manifest, StepEntry


def image_of(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def pixels(image: Image.Image) -> Any:
    return np.asarray(image.convert("RGB"), dtype=float)


def test_page_holds_every_picture_once(make_run) -> None:
    """Those of the first screen stand there, all others among the data; each is readable and of the picture that it names."""
    folder = make_run(layers=2, facets=3, snapshots=2)
    path = write_page(folder)
    assert path == folder / "report.html"
    held, text = content_in(path), path.read_text("utf-8")
    shown = {int(number): uri for uri, number in re.findall(r'src="([^"]+)"[^>]*data-picture="(\d+)"', text)}
    assert len(shown) == 3
    pictures = [shown.get(number, uri) for number, uri in enumerate(held["pictures"])]
    assert len(pictures) == 2 * 3 * (2 + 2)
    assert all(held["pictures"][number] is None for number in shown)
    manifest = manifest_in(folder)
    kept = [item["picture"] for layer in held["layers"] for item in layer["items"]]
    files = [str(facet.picture) for layer in manifest.layers for facet in layer.facets]
    originals = [pixels(Image.open(folder / file)) for file in files]
    for place, number in enumerate(kept):
        errors = [np.abs(pixels(image_of(pictures[number])) - original).mean() for original in originals]
        assert np.argmin(errors) == place


def test_numbers_stand_beside_their_baselines(make_run) -> None:
    """Every measure of run.json, with the judge that gave it, four digits of each."""
    folder = make_run(layers=1)
    facet = manifest_in(folder).layers[0].facets[1]
    numbers = {(MEASURES[entry.measure].family, MEASURES[entry.measure].key): entry for entry in numbers_of(facet)}
    judged = facet.measures["transfer"]["efficientnet_lite1"]
    score = numbers["transfer", "probability"]
    assert score.judge == "efficientnet_lite1"
    assert score.reading.picture == judged["picture"]["probability"]
    assert score.reading.members == judged["members"]["probability"]
    assert numbers["fidelity", "cosine"].reading.members is None
    assert numbers["fidelity", "cosine"].reading.start == 0.4
    row = next(
        row for row in content_of(folder, manifest_in(folder))[0]["layers"][0]["items"][1]["numbers"] if row[0] == 0
    )
    assert row == [0, 0, *(float(f"{judged[role]['probability']:.4g}") for role in ("picture", "members", "start"))]


def test_every_measure_has_words_and_a_family() -> None:
    """No number stands without what it means."""
    families = {family.name for family in FAMILIES}
    assert {measure.family for measure in MEASURES} == families
    assert all(len(measure.words) > 30 for measure in MEASURES)
    assert (MEASURES[0].family, MEASURES[0].key) == ("transfer", "probability")


def test_headlines_are_sentences_with_their_numbers(make_run) -> None:
    """The judge's probability by hand; silhouette and stability as the run has them, beside chance; no judge, no word of it."""

    def add(manifest: dict[str, Any]) -> None:
        manifest["summary"] = {"set": {"stability": 0.8, "stability_shuffled": 0.1}}
        manifest["clusters"] |= {"silhouette": 0.85, "silhouette_chance": 0.31}

    manifest = manifest_in(make_run(layers=2, facets=3, change=add))
    blocks = [facet.measures["transfer"]["efficientnet_lite1"] for facet in manifest.layers[-1].facets]
    expected = sum(block["picture"]["probability"] for block in blocks) / 3
    rightly = sum(block["picture"]["top1"] for block in blocks)
    assert mean_score(manifest) == pytest.approx(expected)
    assert [line.text for line in headlines(manifest)] == [
        "3 clear groups (silhouette 0.85; chance 0.31)",
        "Without a fifth of the photos the same groups (stability 0.80; chance 0.10)",
        f"efficientnet_lite1 names {rightly} of 3 pictures rightly "
        f"(judge's probability {expected:.2f}; members 0.39, start 0.02)",
    ]
    assert mean_score(manifest_in(make_run(measured=False))) is None
    assert len(headlines(manifest_in(make_run(measured=False)))) == 1


@pytest.mark.parametrize(
    ("silhouette", "chance", "sentence"),
    [
        (0.5, 0.3, "3 clear groups (silhouette 0.50; chance 0.30)"),
        (0.49, None, "3 groups that run into each other (silhouette 0.49)"),
        (0.2, 0.1, "3 groups that hardly stand apart (silhouette 0.20; chance 0.10)"),
        (0.55, 0.55, "3 groups, no clearer than chance (silhouette 0.55; chance 0.55)"),
    ],
)
def test_groups_are_clear_only_above_chance(make_run, silhouette: float, chance: float | None, sentence: str) -> None:
    """Kaufman and Rousseeuw's bounds, and never clearer than one cloud; runs made before chance was kept go without."""

    def add(manifest: dict[str, Any]) -> None:
        manifest["clusters"] |= {"silhouette": silhouette, "silhouette_chance": chance}

    assert headlines(manifest_in(make_run(layers=1, change=add)))[0].text == sentence


def test_map_places_every_photo(make_run) -> None:
    """Each photo once, in its facet's group and within the square; thumbnails do not overlap."""
    folder = make_run(layers=1, facets=3, images=40)
    drawn = photo_map(folder, manifest_in(folder), most=12)
    assert drawn is not None
    assert sorted(photo for group in drawn.groups for *_, photo in group.points) == list(range(40))
    places = [point for group in drawn.groups for point in group.points]
    assert all(0 <= x <= drawn.extent and 0 <= y <= drawn.extent for x, y, _ in places)
    corners = [(x, y) for group in drawn.groups for x, y, _ in group.thumbnails]
    assert 1 <= len(corners) <= 12
    for place, (x, y) in enumerate(corners):
        assert all(max(abs(x - a), abs(y - b)) >= drawn.side for a, b in corners[:place])
    (folder / "facets.safetensors").write_bytes(b"damaged")
    assert photo_map(folder, manifest_in(folder), most=12) is None


def test_thumbnails_are_for_members_first() -> None:
    """Of more photos than have room, all members have one, then others spread over the set."""
    photos = Photos("/p", [f"/p/{index}.png" for index in range(3 * MOST)])
    for index in range(5):
        photos.member(f"/p/{index}.png")
    assert photos.member("/elsewhere/x.png") == 3 * MOST
    assert photos.counts() == (6, MOST - 6)
    chosen = photos.chosen()
    assert len(chosen) == MOST
    assert {0, 1, 2, 3, 4, 3 * MOST} <= chosen
    assert np.diff(sorted(chosen)).max() <= 5
    assert photos.names()[-1] == "x.png"


def test_a_page_of_ten_facets_over_four_layers_stays_below_10_mb(make_run) -> None:
    """Counted at the sizes that are chosen, with pure noise for every picture, which no encoder can make smaller."""
    manifest = manifest_in(make_run(layers=4, facets=10, images=40, snapshots=8))
    sizes = choose_sizes(manifest, members=100, photos=900)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (512, 512, 3), dtype=np.uint8))
    images = PageImages()
    counts = (
        (sizes.picture, 40),
        (sizes.start, 40),
        (sizes.step, 320),
        (sizes.where, 160),
        (sizes.member, 100),
        (sizes.photo, 900),
    )
    total = sum(count * len(images.uris[images.add(noise, side)]) for side, count in counts)
    assert total < 20e6  # noise takes more than twice what the pictures of a facet do
    assert all(side >= 96 for side in (sizes.picture, sizes.step, sizes.member))


@pytest.mark.parametrize("layers", [1, 4])
def test_many_pictures_are_smaller_and_have_fewer_steps(layers: int) -> None:
    """The more there are the smaller, down to a bound; a lone one is not enlarged beyond what is useful."""

    def of(facets: int) -> Sizes:
        facet = FacetEntry(steps=[StepEntry(step, "x") for step in range(8)])
        manifest = Manifest("visualize", layers=[LayerEntry("a", facets=[facet] * facets)] * layers)
        return choose_sizes(manifest, members=10 * facets, photos=2000)

    few, many = of(3), of(200)
    assert few.picture == 512
    assert many.picture < few.picture
    assert many.step <= few.step
    assert few.snapshots >= 8
    assert 2 <= many.snapshots <= 8


def test_the_policy_names_the_scripts() -> None:
    """No script but the page's own may run, and nothing may be fetched."""
    code = script("dom")
    assert "default-src 'none'" in policy(code)
    assert policy(code, "x") != policy(code)
    assert "</script" not in "".join(
        script(name) for name in ("dom", "data", "item", "views", "start", "index", "early")
    )


def test_templates_escape_and_want_every_value() -> None:
    """A value that is left out is a mistake of the program, not an empty place."""
    with pytest.raises(Exception, match="undefined"):
        render("index.html", title="x")


def test_first_screen_tells_failed_pictures(make_run) -> None:
    """A facet that failed has its place, with the reason."""

    def fail(manifest: dict[str, Any]) -> None:
        manifest["layers"][0]["facets"][1].update(status="failed", reason="turned NaN at step 20", picture=None)

    folder = make_run(layers=1, change=fail)
    front = front_of(folder, manifest_in(folder), lambda place, entry: None, None, 0)
    assert [card.failure for card in front.groups[0][1]] == [None, "turned NaN at step 20", None]
    assert "turned NaN at step 20" in write_page(folder).read_text("utf-8")

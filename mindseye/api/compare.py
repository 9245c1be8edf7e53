"""Two atlases side by side: ``mindseye.compare(first, second)``."""

from pathlib import Path

from mindseye.arguments import as_path
from mindseye.errors import UserError
from mindseye.report.progress import Progress, Report
from mindseye.workflows.atlas.atlas import Atlas
from mindseye.workflows.atlas.comparison import Comparison, compare_atlases


def compare(
    first: Atlas | str | Path,
    second: Atlas | str | Path,
    *,
    out: str | Path | None = None,
    progress: Report = None,
    quiet: bool = False,
) -> Comparison:
    """Say which channels of one network have a twin in another, and show them side by side; nothing is painted.

    For two training runs, or a network before and after it was fine-tuned or quantised. Both atlases must be over the same
    photos, which are known by their content wherever they lie, else by their paths below their folders. Channels are matched one
    to one so that the sum of the correlations of their answers is largest (Li et al., "Convergent Learning", ICLR 2016); layers are
    set beside each other by linear CKA (Kornblith et al., ICML 2019).

    Args:
        first: an atlas or its folder. second: likewise.
        out: the page, by default ``compare-SECOND.html`` in the first atlas's folder.
        progress, quiet: as all functions take them.

    Returns:
        The pairs of each layer, those without a twin first, as values; ``page`` is the file.

    Raises:
        UserError: if either is no atlas, or they have hardly a photo in common.
    """
    told = Progress.of(progress, quiet=quiet)
    compared = compare_atlases(_open_atlas(first), _open_atlas(second), as_path("out", out))
    told.say(compared.photos_line)
    told.say(f"done: {compared.page}")
    return compared


def _open_atlas(atlas: object) -> Atlas:
    if isinstance(atlas, Atlas):
        return atlas
    if not isinstance(atlas, str | Path):
        raise UserError(f"an atlas is a mindseye.Atlas or its folder, not {atlas!r}")
    return Atlas(Path(atlas))

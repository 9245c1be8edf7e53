"""What the pictures of facets are worth to the network that they were painted from."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from torch import Tensor

from mindseye.facets.joint import is_joint
from mindseye.facets.made import is_made
from mindseye.facets.target import Target
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.measure.pictures import Roles, facet_measures
from mindseye.optimize.session import NetworkSession
from mindseye.optimize.transforms.views import Views
from mindseye.workflows.facets.find import FacetTargets, matched_layers

FAR = 1.15
"""How many times as far from the target as its members pictures are called unfinished."""


class FacetMeasures:
    """Measures the pictures of a layer's facets beside their members and starts.

    targets: members and ranks. target: of all facets. photo_dots: [facets, photos], the photos' dot products with each.
    """

    def __init__(
        self, session: NetworkSession, layer: Layer, targets: FacetTargets, target: Target, photo_dots: Tensor
    ) -> None:
        self.session, self.targets, self.target, self.photo_dots = session, targets, target, photo_dots
        matched = [address for address in matched_layers(session, layer) if not is_joint(address)]
        addresses = dict.fromkeys([*matched, layer.address])
        self.goals = {address: targets.ranks[address] for address in addresses}

    def reader(self) -> Reader:
        """Reads the layers that are measured at."""
        return self.session.reader([self.session.layer(address) for address in self.goals if not is_made(address)])

    def measure(self, read: Reader, facet: int, pictures: Mapping[str, Tensor]) -> dict[str, Roles]:
        """The numbers of a facet. pictures: by role, [1, channels, side, side] in [0, 1]; see ``facet_measures``."""
        device, plain = self.session.device, Views(self.session.view).plain
        roles = {role: plain(image).to(device) for role, image in pictures.items()}
        roles["members"] = (self.targets.members[facet].float() / 255).to(device)
        return facet_measures(
            read,
            self.session.model.preprocessing,
            self.target,
            facet,
            self.goals,
            roles,
            self.photo_dots[facet],
            self.targets.slope,
        )


def unfinished_note(layer: str, measures: Sequence[Mapping[str, Roles]], steps: int) -> list[str]:
    """A line where the pictures of a layer are farther from their targets than the real members are, on average.

    measures: of each picture, as ``facet_measures`` gives them. steps: that they were painted in.
    """
    pairs = [
        (measure["wasserstein"]["picture"][layer], measure["wasserstein"]["members"][layer]) for measure in measures
    ]
    finite = [(picture, members) for picture, members in pairs if picture is not None and members is not None]
    if not finite:
        return []
    picture, members = (fmean(values) for values in zip(*finite, strict=True))
    if picture <= FAR * members:
        return []
    return [
        f"layer {layer}: the pictures are {picture:.2f} from their targets, real members {members:.2f}: more steps may bring "
        f"them nearer (--steps {2 * steps})"
    ]

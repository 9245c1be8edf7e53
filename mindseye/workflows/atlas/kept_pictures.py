"""Pictures of an item as they came out of the painting, kept on disk until the item is whole, so that none is painted twice."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from mindseye.optimize.painted import Painted
from mindseye.report.atlas.images import picture_of, write_webp
from mindseye.runs.files import read_tensors, remove, write_tensors

NOT_DRAWN = "turned NaN or left its bounds"


class KeptPictures:
    """The pictures of an item so far, by number. stem: of the files that they are kept in. numbers: of all its pictures."""

    def __init__(self, stem: Path, numbers: Sequence[int]) -> None:
        self._stem, self._numbers = stem, numbers
        self._painted: dict[int, Painted] = {}

    def load(self) -> None:
        """Take up what an interrupted painting has left."""
        for number in self._numbers:
            file = self._file(number)
            if file.is_file():
                image = read_tensors(file)["image"]
                self._painted[number] = Painted(image, image, {}, None)

    def keep(self, painted: Mapping[int, Painted]) -> None:
        """Keep pictures as they came out."""
        for number, result in painted.items():
            self._painted[number] = result
            if result.reason is None:
                write_tensors(self._file(number), {"image": result.image})

    @property
    def missing(self) -> list[int]:
        """The pictures that are not painted yet, by number."""
        return [number for number in self._numbers if number not in self._painted]

    def find(self, number: int) -> Painted:
        """A picture that is painted."""
        return self._painted[number]

    def reason(self, number: int) -> str | None:
        """Why there is no such picture; None where there is."""
        painted = self._painted.get(number)
        return NOT_DRAWN if painted is None else painted.reason

    def write(self, number: int, file: Path) -> Image.Image:
        """Write a picture that there is as WebP; the picture."""
        picture = picture_of(self._painted[number].image)
        write_webp(file, picture)
        return picture

    def remove(self) -> None:
        """Remove the files, once the item is whole."""
        for number in self._numbers:
            remove(self._file(number))

    def _file(self, number: int) -> Path:
        return self._stem.with_name(f"{self._stem.name}-{number}.safetensors")

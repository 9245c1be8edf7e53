"""Decoded photos in memory, as many as there is room for."""

from torch import Tensor


class PhotoMemory:
    """Decoded photos by index, all of one shape, in one block of at most so many bytes.

    One block, since a tensor for each, kept while a network computes on those before, would split the memory that the
    network's activations need again and again.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._places: dict[int, int] = {}
        self._block: Tensor | None = None

    def find(self, index: int) -> Tensor | None:
        """A photo, if it is here."""
        place = self._places.get(index)
        return None if place is None or self._block is None else self._block[place]

    def keep(self, index: int, photo: Tensor, expected: int) -> None:
        """Keep a photo where there is room. expected: how many photos there are in all, asked for once."""
        if self._block is None:
            count = min(expected, self._most_bytes // max(1, photo.numel()))
            self._block = photo.new_empty(count, *photo.shape)  # takes no memory before it is written to
        place = self._places.get(index, len(self._places))
        if place < len(self._block):
            self._block[place] = photo
            self._places[index] = place

    def clear(self) -> None:
        """Let go of all photos."""
        self._places, self._block = {}, None

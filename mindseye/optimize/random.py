"""Random numbers that belong to one picture and one step.

Each draw comes from a generator seeded by (seed, picture, step), so that a picture does not depend on what shares its
batch, an interrupted painting needs no saved generator, and a batch may be split without changing anybody's numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import torch
from torch import Tensor

START = -1


@dataclass(frozen=True)
class RandomKeys:
    """The random numbers of a batch of pictures. keys: one name per picture, unique in its run."""

    seed: int
    keys: tuple[str, ...]

    def uniform(self, step: int, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), [pictures, *shape], on the CPU."""
        return torch.stack([torch.rand(shape, generator=self._generator(key, step, purpose)) for key in self.keys])

    def normal(self, step: int, purpose: str, *shape: int) -> Tensor:
        """Standard normal numbers, [pictures, *shape], on the CPU."""
        return torch.stack([torch.randn(shape, generator=self._generator(key, step, purpose)) for key in self.keys])

    def normal_on(self, device: torch.device, step: int, purpose: str, *shape: int) -> Tensor:
        """Standard normal numbers drawn on the device itself, for the large draws of every step."""
        if device.type == "cpu":
            return self.normal(step, purpose, *shape)
        parts = []
        for key in self.keys:
            generator = torch.Generator(device).manual_seed(_number(self.seed, key, step, purpose))
            parts.append(torch.randn(shape, generator=generator, device=device))
        return torch.stack(parts)

    def view(self, number: int) -> "RandomKeys":
        """The numbers of one of several views of the same pictures; those of the first, 0, are the pictures' own."""
        return RandomKeys(self.seed, tuple(f"{key}/view {number}" for key in self.keys)) if number else self

    def select(self, pictures: Sequence[int]) -> "RandomKeys":
        """The numbers of some of the pictures."""
        return RandomKeys(self.seed, tuple(self.keys[index] for index in pictures))

    def _generator(self, key: str, step: int, purpose: str) -> torch.Generator:
        return torch.Generator().manual_seed(_number(self.seed, key, step, purpose))


def _number(seed: int, key: str, step: int, purpose: str) -> int:
    digest = blake2b(f"{seed}\0{key}\0{step}\0{purpose}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "little")

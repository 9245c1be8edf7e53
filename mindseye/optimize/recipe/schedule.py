"""Numbers that change while a picture is painted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A number that runs linearly from ``start`` at the first step to ``end`` at the last.

    Stergiou (ICIP 2021), Eq. 5, corrected: as printed it meets neither end.
    """

    start: float
    end: float

    def at(self, progress: float) -> float:
        """The value at a progress in [0, 1]."""
        return self.start + (self.end - self.start) * progress

    @property
    def is_zero(self) -> bool:
        """Whether the number is zero throughout, so that what it weighs need not be computed."""
        return self.start == 0 and self.end == 0


def progress_of(step: int, steps: int) -> float:
    """The progress of a step (counted from 0): 0 at the first, 1 at the last, 0 where there is only one."""
    return step / (steps - 1) if steps > 1 else 0.0

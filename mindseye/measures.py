"""What pictures are worth, as functions on tensors: no run, no session, no network is needed.

me.measures.fidelity(means, targets, channels)
me.measures.naturalness(images, photos, folder_slope)
me.measures.neighbourhood(...)
"""

from mindseye.measure.fidelity import fidelity as fidelity
from mindseye.measure.fidelity import recovery as recovery
from mindseye.measure.naturalness import naturalness as naturalness
from mindseye.measure.naturalness import sorted_distance as sorted_distance
from mindseye.measure.naturalness import spectrum_slope as spectrum_slope
from mindseye.measure.neighbourhood import index_photos as index_photos
from mindseye.measure.neighbourhood import neighbourhood as neighbourhood

__all__ = ["fidelity", "index_photos", "naturalness", "neighbourhood", "recovery", "sorted_distance", "spectrum_slope"]

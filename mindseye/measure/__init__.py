"""What a picture is worth, in numbers: pure functions on tensors, one module to a question.

- `naturalness`: does it look like a photo? (total variation, spectrum, distribution of activations, robustness)
- `neighbourhood`: does it lie among the photos it was painted from, in the features of a network that only looks?
- `transfer`: does such a network name it as it names them?
- `fidelity`: does it have the activations that it was painted for?
- `selectivity`, `entanglement`, `channels`: does a channel tell facets or classes apart, and does it mean one thing or several?
- `intervals`: how sure is a mean over facets?

`fidelity.fidelity`, `naturalness.naturalness` and `neighbourhood.neighbourhood` take plain tensors and need no run; what
they return is a dictionary of [B] numbers. A wrong type or shape is a `UserError` that names the parameter.

No number here means much alone. Noise reaches a target's cosine, and pictures that nobody can read win labels, so each
is given beside the same number for the facet's members and for the unoptimised start.

What does not exist (a ratio to zero, the neighbours of an only photo) is NaN. Some sums are taken in float64, which
not every device has: give CPU tensors where it lacks.
"""

"""From photos to facets and their pictures."""

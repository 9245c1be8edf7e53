"""An atlas of a network: a page for each channel, with pictures, photos, relatives and what feeds it."""

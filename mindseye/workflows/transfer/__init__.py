"""Whether other networks name what one paints."""

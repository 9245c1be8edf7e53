"""Pictures of objectives that are named."""

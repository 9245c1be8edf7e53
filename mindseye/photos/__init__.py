"""Photos: found, listed, decoded, in folders, archives and collections of classes."""

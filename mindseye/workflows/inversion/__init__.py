"""What a layer keeps of a photo."""

"""What is found: the groups of images that a layer treats as alike, their members and their targets."""

"""What is looked at: photos, networks, and the layers that are read."""

"""What is painted: canvases, objectives, transforms, regularizers, schedules, recipes, and the loop."""

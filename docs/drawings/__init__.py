"""The drawings of the pages, a file each: `draw()` gives a figure."""

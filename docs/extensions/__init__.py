"""What Sphinx lacks for this site, a file each."""

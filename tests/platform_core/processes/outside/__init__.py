"""An app whose workflows act on a folder that stands for the outside world."""

"""The rules of the house, executed."""

"""Recurring revenue as staff read it: each number is a sum over rows, and `behind.py` says which rows those are."""

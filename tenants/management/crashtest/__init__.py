"""Killing the worker at its commits, and counting what became of every order."""

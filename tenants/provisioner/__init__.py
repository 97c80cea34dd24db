"""Sets up one tenant's server in one directory. A program of its own, standard library only.

It may be killed at any point and started again: each step looks before it makes, a lock that the kernel frees keeps
two from running at once, and a log line that was written is not written again.
"""

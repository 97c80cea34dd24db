"""Real processes on a database of their own, made by the test and dropped after it."""

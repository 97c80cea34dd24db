"""Names that no two rows share."""

import itertools

_counter = itertools.count(1)


def unique(prefix: str) -> str:
    """`prefix-1`, `prefix-2`, …"""
    return f"{prefix}-{next(_counter)}"

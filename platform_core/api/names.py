"""Names on the wire are camelCase; in the code they are not."""

import re


def camel(name: str) -> str:
    """`success_url` → `successUrl`; what is already camelCase stays."""
    return re.sub(r"_+([a-z0-9])", lambda match: match[1].upper(), name)

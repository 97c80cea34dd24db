"""Payment providers: a folder beside this file is one, if it says what it can do in `capabilities.py`."""

import pkgutil
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from billing.providers.protocol import Capabilities, PaymentProvider

USED = "stripe"


@cache
def names() -> tuple[str, ...]:
    """Every provider there is code for."""
    folders = (found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)
    return tuple(sorted(name for name in folders if find_spec(f"{__name__}.{name}.capabilities")))


def capabilities() -> tuple[Capabilities, ...]:
    """What each can do: no key is needed to know."""
    found = (import_module(f"{__name__}.{name}.capabilities").CAPABILITIES for name in names())
    return tuple(cast("Capabilities", each) for each in found)


@cache
def provider(name: str = USED) -> PaymentProvider:
    """The provider of this name; without one, this instance's.

    The sandbox is no provider of its own: it is Stripe, the same code with another HTTP client underneath.
    """
    module = import_module(f"{__name__}.{name}.provider")
    return cast("PaymentProvider", module.PROVIDER())

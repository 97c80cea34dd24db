"""Where these pages may be seen."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

View = Callable[..., HttpResponseBase]


def sandbox_only(view: View) -> View:
    """There is no such page beside the real Stripe."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.SANDBOX:
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(guarded)

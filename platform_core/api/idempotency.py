"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), for views that say `idempotent = True`."""

import json
import re
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from platform_core.errors import InvalidInput
from platform_core.models import IdempotentRequest
from platform_core.services import idempotency
from platform_core.services.idempotency import Asked

if TYPE_CHECKING:
    from platform_core.api.surfaces import Surface

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255
# A structured field's string, quoted; and the bare text that many clients send.
QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
BARE = re.compile(r"[!#-+\--:<-\[\]-~]+")
# Refusals that are the answer to the request itself; the others were told before anything was begun.
DECIDED = frozenset(
    {HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.CONFLICT, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
KEPT_HEADERS = ("Content-Type", "Location")

PARAMETERS = [
    OpenApiParameter(
        HEADER,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=(
            "A string of your own, such as a UUID, at most 255 characters, quoted or bare. The same key with the same "
            "body gets the same answer for 24 hours and acts once; with another body it is refused with 422, and with "
            "409 while the first is in hand."
        ),
    ),
    OpenApiParameter(
        REPLAYED,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        enum=["true"],
        response=[200, 201, 202],
        description="Says that this is the answer of an earlier request with the same key.",
    ),
]


class Replayed(Exception):
    """The request was answered before; carries that answer."""

    def __init__(self, row: IdempotentRequest) -> None:
        super().__init__(row.request)
        self.row = row

    def response(self) -> HttpResponse:
        """The answer as it was."""
        response = HttpResponse(self.row.body, status=self.row.status_code, headers=self.row.headers)
        response.headers[REPLAYED] = "true"
        return response


def begin(view: "Surface", request: Request) -> IdempotentRequest | None:
    """Take the request in hand, if it has a key and its view takes one; raises where it was asked before."""
    given = request.headers.get(HEADER)
    if given is None or not view.idempotent or request.method != "POST":
        return None
    asked = Asked(view.caller, f"{request.method} {request.path}", key_of(given), _content(request))
    row = idempotency.take(asked)
    if row.status_code is not None:
        raise Replayed(row)
    return row


def key_of(given: str) -> str:
    """The key, whichever way it was written."""
    found = QUOTED.fullmatch(given)
    key = re.sub(r"\\(.)", r"\1", found[1]) if found else given if BARE.fullmatch(given) else ""
    if not 0 < len(key) <= LONGEST_KEY:
        message = f"One string of 1 to {LONGEST_KEY} printable ASCII characters is wanted, in quotes or bare."
        raise InvalidInput(f"{HEADER} is not valid.", details={HEADER: [message]})
    return key


def _content(request: Request) -> str:
    """The body and the query, in one text whatever their order was."""
    query = sorted((name, values) for name, values in request.query_params.lists())
    return json.dumps([request.data, query], sort_keys=True, separators=(",", ":"))


def give_up(row: IdempotentRequest) -> None:
    """Something broke: the same request may run again at once. If even that cannot be written, its lease runs out."""
    with suppress(DatabaseError):
        idempotency.give_up(row)


def end(row: IdempotentRequest, response: HttpResponseBase) -> None:
    """Keep an answer that is final. A failure of ours is none, nor is being told to come back later."""
    status = response.status_code
    if isinstance(response, Response):
        response.render()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or "Retry-After" in response.headers:
        idempotency.give_up(row)
    elif status >= HTTPStatus.BAD_REQUEST and status not in DECIDED:
        idempotency.forget(row)
    else:
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        idempotency.answer(row, status, headers, response.content.decode())  # type: ignore[attr-defined]

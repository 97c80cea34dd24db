"""One request, from its form-encoded parameters to its answer: what stripe-python would have had over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings

from billing.providers.sandbox import books, idempotency, paging, routes, wire
from billing.providers.sandbox.encoding import decode
from billing.providers.sandbox.errors import CardError, Invalid, StripeError, Unauthorized
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import read
from billing.providers.sandbox.shapes import Json

TEST_KEY = "sk_test_"


class Answer(NamedTuple):
    """Status, JSON body and headers."""

    status: int
    body: Json
    headers: dict[str, str]


@dataclass(frozen=True)
class Call:
    """A request that passed the door: where it goes, with which parameters."""

    method: str
    path: str
    route: routes.Route
    ids: tuple[str, ...]
    params: Json
    key: str
    cause: books.Cause


class Engine:
    """The account's API."""

    def request(
        self,
        method: str,
        path: str,
        params: str | bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer a request. Refusals are answers too; an exception is a fault of the sandbox itself."""
        given = {name.lower(): value for name, value in (headers or {}).items()}
        request_id = books.request_id()
        answered = {
            "Content-Type": "application/json",
            "Request-Id": request_id,
            "Stripe-Version": settings.STRIPE_API_VERSION,
        }
        try:
            _check_caller(given)
            call = _call(method.upper(), path, decode(params), given, request_id)
            status, body, replayed = _answer(call)
        except StripeError as error:
            return Answer(error.status, error.body(), answered)
        if call.key:
            answered["Idempotency-Key"] = call.key
        return Answer(status, body, {**answered, **replayed})


def _check_caller(headers: Mapping[str, str]) -> None:
    """A key, where one is given, must be a test key; the version must be the one that is spoken here."""
    authorization = headers.get("authorization")
    if authorization is not None and not authorization.removeprefix("Bearer ").startswith(TEST_KEY):
        raise Unauthorized("Invalid API Key provided: the sandbox takes only keys that begin with sk_test_.")
    version = headers.get("stripe-version", settings.STRIPE_API_VERSION)
    if version != settings.STRIPE_API_VERSION:
        raise Invalid(f"The sandbox speaks only version {settings.STRIPE_API_VERSION}, not {version}.")


def _call(method: str, path: str, raw: Json, headers: Mapping[str, str], request_id: str) -> Call:
    route, ids = routes.find(method, path)
    # GET and DELETE are idempotent by nature; Stripe ignores a key there.
    key = headers.get("idempotency-key", "") if method == "POST" else ""
    cause = books.Cause(request_id, key or None)
    return Call(method, path, route, ids, read(route.schema, raw), key, cause)


def _answer(call: Call) -> tuple[int, Json, dict[str, str]]:
    if call.method == "GET":
        with books.reading() as account:
            return 200, _shown(account, call, call.route.handler(account, call.params, *call.ids)), {}
    if not call.key:
        return *_act(call), {}
    row = idempotency.reserve(
        call.key,
        idempotency.fingerprint(call.method, call.path, call.params),
        call.cause.request_id or "",
    )
    if row.status is not None and row.body is not None:
        return row.status, row.body, {"Idempotent-Replayed": "true", "Original-Request": row.request_id}
    try:
        return *_act(call), {}
    except StripeError:
        idempotency.release(call.key)
        raise


def _act(call: Call) -> tuple[int, Json]:
    """Do it, in one transaction with the answer. A declined card is an answer, not a reason to undo."""
    with books.writing(call.cause) as account:
        try:
            status, body = 200, _shown(account, call, call.route.handler(account, call.params, *call.ids))
        except CardError as error:
            status, body = error.status, error.body()
        if call.key:
            idempotency.keep(call.key, status, body)
        return status, body


def _shown(account: books.Books, call: Call, result: Json | Listing) -> Json:
    if isinstance(result, Listing):
        shown = paging.page(account, result, call.path, call.params)
    else:
        shown = wire.present(account, result)
    return wire.expand(account, shown, call.params.get("expand", []))

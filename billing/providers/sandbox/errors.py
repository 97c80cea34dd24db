"""Refusals, in the form in which Stripe gives them."""

from billing.providers.sandbox.shapes import Json


class StripeError(Exception):
    """A refusal: its HTTP status, type and code are what the client library turns into its own exception."""

    status = 400
    kind = "invalid_request_error"

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None, **more: str | None) -> None:
        super().__init__(message)
        self.error = {"message": message, "type": self.kind, "code": code, "param": param, **more}

    def body(self) -> Json:
        """The JSON body of the answer."""
        return {"error": {name: value for name, value in self.error.items() if value is not None}}


class Invalid(StripeError):
    """A parameter, or a state, that does not admit the request."""


class NoSuchObject(StripeError):
    """No object has this id: 404 where the address names it, 400 where a parameter does."""

    def __init__(self, kind: str, object_id: str, param: str) -> None:
        name = kind.replace("_", " ").replace(".", " ")
        super().__init__(f"No such {name}: '{object_id}'", code="resource_missing", param=param)
        self.status = 404 if param == "id" else 400


class NoSuchPath(StripeError):
    """An address that Stripe, or this sandbox, does not know."""

    status = 404

    def __init__(self, method: str, path: str) -> None:
        super().__init__(
            f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
            "https://support.stripe.com/."
        )


class Unauthorized(StripeError):
    """A key that is missing, or not a test key."""

    status = 401


class CardError(StripeError):
    """The bank said no. What the attempt wrote stays written."""

    status = 402
    kind = "card_error"


class KeyMisused(StripeError):
    """An idempotency key that was used for something else."""

    kind = "idempotency_error"


class KeyInUse(StripeError):
    """An idempotency key whose first request is still running."""

    status = 409
    kind = "idempotency_error"


class RateLimited(StripeError):
    """Too many requests."""

    status = 429


class Broken(StripeError):
    """Stripe itself failed."""

    status = 500
    kind = "api_error"

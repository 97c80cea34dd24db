"""Expected failures. One handler per surface renders them; a service raises them and knows nothing of HTTP."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

Details = Mapping[str, Sequence[str]]


class DomainError(Exception):
    """An expected failure with a stable code, a status and, where it concerns fields, the fields."""

    status = 400
    code = "BAD_REQUEST"
    # Whether the caller asked for what is not theirs: an event tells of that.
    is_denial: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: Details | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = dict(details or {})
        # Such as Retry-After.
        self.headers = dict(headers or {})


class InvalidInput(DomainError):
    """A value that cannot be accepted: `details` names each field and what is wanted."""

    status = 400
    code = "VALIDATION_ERROR"


@contextmanager
def within(part: str) -> Iterator[None]:
    """What is wrong in here is wrong in a part of what was sent: its fields are named by way of the part."""
    try:
        yield
    except InvalidInput as error:
        error.details = {f"{part}.{name}": messages for name, messages in error.details.items()}
        raise


class NotAuthenticated(DomainError):
    """No credential, or one that is not valid."""

    status = 401
    code = "UNAUTHORIZED"


class NotAllowed(DomainError):
    """The caller is known but may not do this."""

    status = 403
    code = "FORBIDDEN"
    is_denial = True


class CrossSite(NotAllowed):
    """Another site's page sent this in the caller's name: it is nothing that the caller tried."""

    is_denial = False


class StepUpRequired(NotAllowed):
    """The caller may do this after proving once more who they are, for the purpose that `details` names."""

    code = "STEP_UP_REQUIRED"
    is_denial = False

    def __init__(self, purpose: str) -> None:
        super().__init__("Confirm that it is you, then try again.", details={"purpose": [purpose]})


class EnrolmentRequired(NotAllowed):
    """The caller must turn on two-factor authentication before anything else."""

    code = "MFA_ENROLLMENT_REQUIRED"
    is_denial = False

    def __init__(self) -> None:
        super().__init__("Two-factor authentication is required here. Turn it on first.")


class SignInAgain(NotAllowed):
    """The organization wants a younger sign-in than the caller's."""

    code = "SIGN_IN_AGAIN"
    is_denial = False

    def __init__(self) -> None:
        super().__init__("You signed in too long ago for this organization. Sign in again.")


class NotFound(DomainError):
    """No such row, or none that the caller may know of."""

    status = 404
    code = "NOT_FOUND"


class NotAMember(NotFound):
    """An organization that the caller has no place in: the answer is that of an id that nobody has."""

    is_denial = True


class MethodNotAllowed(DomainError):
    """The address is there, and takes other verbs."""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class Conflict(DomainError):
    """The row's present state does not admit this."""

    status = 409
    code = "CONFLICT"


class InHand(Conflict):
    """The same request is being worked on at this moment; `Retry-After` says when to ask again."""

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is in hand.", headers={"Retry-After": "1"})


class IdempotencyConflict(DomainError):
    """An Idempotency-Key came before, with another body or query."""

    status = 422
    code = "IDEMPOTENCY_CONFLICT"


class Gone(DomainError):
    """It was there, and has been used up or has run out."""

    status = 410
    code = "GONE"


class PayloadTooLarge(DomainError):
    """More bytes than are taken."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"


class PaymentRequired(DomainError):
    """The plan does not cover this."""

    status = 402
    code = "PLAN_REQUIRED"


class RateLimited(DomainError):
    """Too often in too short a time; `Retry-After` says when it is possible again."""

    status = 429
    code = "RATE_LIMITED"


class UpstreamError(DomainError):
    """An outside system refused, failed or did not answer."""

    status = 502
    code = "UPSTREAM_ERROR"


class Unavailable(DomainError):
    """Something that the platform stands on is away or full for now; nothing was done."""

    code = "SERVICE_UNAVAILABLE"
    status = 503

    def __init__(self, message: str = "This cannot be done at the moment. Try again later.") -> None:
        super().__init__(message, headers={"Retry-After": "60"})

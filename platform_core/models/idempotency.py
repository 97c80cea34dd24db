"""What was asked for under an Idempotency-Key, and what was answered."""

from django.db import models

from platform_core.encryption import EncryptedTextField
from platform_core.models.rows import Row


class IdempotentRequest(Row):
    """One request of one caller under one key: in hand until it has an answer, which repeats of it are given."""

    # Of the caller, the verb, the path and the key.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Of the body and the query, peppered: what was sent may hold something that could be guessed.
    fingerprint = models.CharField(max_length=100, editable=False)
    caller = models.CharField(max_length=120)
    request = models.CharField(max_length=200)
    # Both in the machine's time. Whoever has it in hand is believed to be alive until then.
    lease_until = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    # Raised by each taking over, so that whoever was overtaken keeps its answer to itself.
    attempt = models.PositiveIntegerField(default=1)
    # None while there is no answer.
    status_code = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    # Some answers show a secret, once.
    body = EncryptedTextField(blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.request

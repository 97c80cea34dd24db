"""What we sell, as far as organizations need to know: codes and the roles a person may have in each."""

from django.db import models

from platform_core.models import Row


class Product(Row):
    """A product. Billing's catalog refers to it."""

    product_path = "code"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    role_options = models.JSONField(default=list, blank=True)
    is_bundle = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

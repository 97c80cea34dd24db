"""The cache of an instance without Redis: a table that every process sees, so that limits kept in it are one limit."""

from django.db import models


class CacheEntry(models.Model):
    """A row of Django's database cache backend, which reads and writes the table by itself."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "cache"
        default_permissions = ()
        verbose_name_plural = "cache entries"

    def __str__(self) -> str:
        return self.cache_key

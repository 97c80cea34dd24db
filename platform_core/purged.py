"""What goes with an organization. Each app lists the tables of its own as PURGED in its `tasks.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet


@dataclass(frozen=True)
class Purged:
    """A table whose rows of an organization go when it is purged; where something that is kept names them, they are
    emptied instead. `files` names the column that holds a name in the storage.
    """

    model: type[Model]
    files: str = ""
    emptied: Mapping[str, Any] = field(default_factory=dict)

    def file_names(self, organization_id: UUID) -> list[str]:
        """The files that no row will name afterwards."""
        if not self.files:
            return []
        return [name for name in self._rows(organization_id).values_list(self.files, flat=True) if name]

    def empty(self, organization_id: UUID) -> None:
        """Take away what is the organization's, and what hangs on it."""
        rows = self._rows(organization_id)
        if self.emptied:
            rows.update(**self.emptied)
        else:
            rows.delete()

    def _rows(self, organization_id: UUID) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._base_manager.filter(organization_id=organization_id)
        return rows

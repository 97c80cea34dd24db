"""The platform's own people."""

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Exists, Q

from identity import staff_roles
from identity.models import Setup, User
from identity.services import accounts, passwords
from platform_core import scoping
from platform_core.errors import Conflict
from platform_core.services import audit

SET_UP = "The platform has been set up already."


def require_setup_open() -> None:
    """A conflict for everybody, whatever they send, once there is an operator."""
    # Whoever set it up is a person too, whatever became of them.
    if User.objects.filter(Q(is_staff=True) | Q(Exists(Setup.objects.all()))).exists():
        raise Conflict(SET_UP)


def first_operator(email: str, password: str, name: str) -> User:
    """The owner of a new platform. Exactly one of all who ask at once becomes it."""
    require_setup_open()
    operator = _hashed(email, password, name)
    try:
        with transaction.atomic():
            _insert(operator, staff_roles.OWNER)
            Setup.objects.create(operator=operator)
    except IntegrityError as error:
        raise Conflict(SET_UP) from error
    return operator


def create_operator(email: str, password: str, name: str, *, role: str = staff_roles.OWNER) -> User:
    """A staff member made on the server's own command line, which also closes the door of setup."""
    operator = _hashed(email, password, name)
    with transaction.atomic():
        _insert(operator, role)
        Setup.objects.get_or_create(pk=1, defaults={"operator": operator})
    return operator


def _hashed(email: str, password: str, name: str) -> User:
    operator = accounts.unsaved(email, name)
    operator.is_staff = operator.is_employee = True
    passwords.check_strength(password, operator)
    operator.set_password(password)
    return operator


def _insert(operator: User, role: str) -> None:
    with scoping.system():
        accounts.insert(operator, confirmed=True)
        operator.groups.add(Group.objects.get(name=role))
        audit.record("staff.create", operator, by=None, changes={"role": role})

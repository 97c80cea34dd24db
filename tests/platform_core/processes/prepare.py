"""`python -m …prepare KIND NUMBER`: make the tables, and start jobs or (kind "mail") owe mail."""

import sys

import django

if __name__ == "__main__":
    django.setup()

    from django.core.management import call_command

    from platform_core import scoping
    from tests.platform_core.processes.outside import rows

    call_command("migrate", verbosity=0)
    kind, number = sys.argv[1], int(sys.argv[2])
    with scoping.system():
        for index in range(number):
            if kind == "mail":
                rows.owe_mail(index)
            else:
                rows.start_job(kind, f"job:{index}")

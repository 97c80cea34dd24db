"""`python -m …claim_all`: claim mail until there is none left, and print which."""

import django

if __name__ == "__main__":
    django.setup()

    from platform_core import leases, worker
    from platform_core.models import Mail
    from tests.platform_core.processes.outside import world

    world.sign(f"ready.{worker.name()}").touch()
    world.wait_for("go")
    while (mail := leases.claim(Mail, worker=worker.name())) is not None:
        assert leases.settle(mail, status=Mail.Status.SENT)
        print(mail.pk)  # noqa: T201

"""Workflows that make something outside, and a clock that ticks."""

import os
import time
from datetime import timedelta

from django.db import transaction

from platform_core import clock
from platform_core.models import Effect, Job, JobLog
from platform_core.schedule import Periodic
from platform_core.services import mail
from platform_core.workflow import Context, Done, Next, Outcome, Step, Wait, Workflow
from tests.platform_core.processes.outside import world


def make_thing(context: Context) -> Outcome:
    """One thing, whatever happens on the way."""
    effect = context.effect("thing", "folder", "file")
    if effect.state == Effect.State.PLANNED:
        found = world.find(context.job.pk)
        context.done(effect, found or world.make(context.job.pk), adopted=bool(found))
    context.log("made")
    return Next("look", {"looks": 0})


def look(context: Context) -> Outcome:
    """Wait once, then go on."""
    if not context.data["looks"]:
        return Wait(0, "once more", {"looks": 1})
    return Next("announce")


def announce(context: Context) -> Outcome:
    """The mail is owed in the same commit as the line that tells of it."""
    with transaction.atomic():
        mail.queue("made", "ada@example.test", {}, key=f"made:{context.job.pk}")
        context.log("announced")
    return Done()


def celebrate(job: Job) -> None:
    """A second time would break the constraint."""
    JobLog.objects.create(job=job, seq="celebrated", at=clock.now(), step="end", text="celebrated")


def linger(context: Context) -> Outcome:
    """Tell the test that we began, and go on when it says so."""
    world.sign(f"began.{os.getpid()}").touch()
    world.wait_for("go")
    return make_thing(context)


def hang(context: Context) -> Outcome:
    """Never come back, the first time."""
    if not world.sign("hung").exists():
        world.sign("hung").touch()
        time.sleep(600)
    return Done()


WORKFLOWS = [
    Workflow("make", [Step("make", make_thing), Step("look", look), Step("announce", announce)], on_done=celebrate),
    Workflow("linger", [Step("linger", linger), Step("look", look), Step("announce", announce)]),
    Workflow("hang", [Step("hang", hang, timeout=0.5)]),
]

SCHEDULE = [Periodic("outside.tick", timedelta(seconds=1), lambda: {"ticked": True})]

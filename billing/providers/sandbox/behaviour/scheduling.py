"""Schedules: what a subscription will be for from a day on. Each phase begins as the one before it ends."""

from billing.providers.sandbox.behaviour import changing
from billing.providers.sandbox.behaviour.periods import boundary
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import schedules as shapes


def begin(books: Books, subscription: Json) -> Json:
    """A schedule of one phase: the subscription as it is, until its period ends."""
    if subscription["schedule"]:
        raise Invalid("You cannot migrate a subscription that is already attached to a schedule.")
    if subscription["ended_at"] is not None or subscription["cancel_at_period_end"]:
        raise Invalid("You cannot create a schedule from a subscription that is over or will be canceled.")
    items = books.all("subscription_item", subscription=subscription["id"])
    phase = shapes.phase(
        subscription,
        [{"price": item["price"], "quantity": item["quantity"]} for item in items],
        start=subscription["_period_start"],
        end=subscription["_period_end"],
    )
    schedule = shapes.schedule(subscription, phase, at=books.now)
    books.add(schedule, "subscription_schedule.created")
    subscription["schedule"] = schedule["id"]
    books.change(subscription, "customer.subscription.updated")
    return schedule


def plan(books: Books, schedule: Json, params: Json) -> Json:
    """Take other phases; the one that runs keeps its beginning."""
    if schedule["status"] not in ("not_started", "active"):
        raise Invalid(f"You cannot update a subscription schedule that is {schedule['status']}.")
    subscription = books.get("subscription", schedule["subscription"])
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    if "phases" in params:
        schedule["phases"] = _phases(books, subscription, schedule, params["phases"])
        first = schedule["phases"][0]
        schedule["current_phase"] = {"start_date": first["start_date"], "end_date": first["end_date"]}
    return books.change(schedule, "subscription_schedule.updated")


def _phases(books: Books, subscription: Json, schedule: Json, wishes: list[Json]) -> list[Json]:
    """Each phase with its beginning and its end; what they are for must exist."""
    begins = wishes[0].get("start_date", schedule["current_phase"]["start_date"])
    if begins != schedule["current_phase"]["start_date"]:
        raise Invalid("You can not modify the start date of the current phase.", param="phases[0][start_date]")
    phases: list[Json] = []
    for at, wish in enumerate(wishes):
        prices = [books.get("price", item["price"], f"phases[{at}][items]") for item in wish["items"]]
        begins = phases[-1]["end_date"] if phases else begins
        ends = _end(wish, begins, prices[0])
        if ends <= begins:
            raise Invalid("A phase must end after it begins.", param=f"phases[{at}][end_date]")
        items = [{"price": item["price"], "quantity": item.get("quantity", 1)} for item in wish["items"]]
        phases.append(shapes.phase(subscription, items, start=begins, end=ends, discounts=wish.get("discounts")))
    return phases


def _end(wish: Json, begins: int, price: Json) -> int:
    if "end_date" in wish:
        return int(wish["end_date"])
    return boundary(begins, wish.get("duration") or price["recurring"], 1)


def advance(books: Books, schedule: Json) -> None:
    """The phase that ran is over: the next begins, or the subscription is let go."""
    ended = schedule["current_phase"]["end_date"]
    coming = [phase for phase in schedule["phases"] if phase["start_date"] >= ended]
    if not coming:
        release(books, schedule, completed=True)
        return
    schedule["current_phase"] = {"start_date": coming[0]["start_date"], "end_date": coming[0]["end_date"]}
    books.change(schedule, "subscription_schedule.updated")
    subscription = books.get("subscription", schedule["subscription"])
    if subscription["ended_at"] is None:
        _take(books, subscription, coming[0])


def _take(books: Books, subscription: Json, phase: Json) -> None:
    """The subscription is what the phase says, as of its renewal: nothing is prorated."""
    held = books.all("subscription_item", subscription=subscription["id"])
    at_price = {item["price"]: item["id"] for item in held}
    named = {item["price"] for item in phase["items"]}
    # One that has its price keeps its item; the others take over those that are left.
    free = [item["id"] for item in held if item["price"] not in named]
    wishes: list[Json] = []
    for item in phase["items"]:
        known = at_price.get(item["price"]) or (free.pop(0) if free else None)
        identity = {"id": known} if known else {}
        wishes.append({**identity, "price": item["price"], "quantity": item["quantity"]})
    wishes += [{"id": identity, "deleted": True} for identity in free]
    discounts = [{name: value for name, value in each.items() if value} for each in phase["discounts"]]
    changing.change_quietly(books, subscription, wishes, discounts)


def release(books: Books, schedule: Json, *, completed: bool = False) -> Json:
    """The schedule lets go; the subscription stays what it is."""
    if schedule["status"] not in ("not_started", "active"):
        raise Invalid(f"You cannot release a subscription schedule that is {schedule['status']}.")
    released = completed is False or schedule["end_behavior"] == "release"
    subscription = books.get("subscription", schedule["subscription"])
    schedule.update(
        status="released" if released else "completed",
        current_phase=None,
        released_at=books.now if released else None,
        completed_at=None if released else books.now,
        released_subscription=subscription["id"] if released else None,
        subscription=None if released else subscription["id"],
    )
    subscription["schedule"] = None
    books.change(subscription, "customer.subscription.updated")
    return books.change(schedule, "subscription_schedule.released" if released else "subscription_schedule.completed")

"""What the fake adds to the contract: it counts, and it fails when it is told to."""

from uuid import uuid4

from tenants.clients.fake_provisioner import LINES, FakeProvisioner
from tenants.clients.provisioner import Phase, Plan


def test_it_counts_what_it_makes_and_moves_by_a_line_a_look(fake_provisioner: FakeProvisioner) -> None:
    plan = Plan(uuid4(), "acme.tenants.localhost", (), "http://127.0.0.1:9")
    fake_provisioner.reserve(plan.order_id)
    fake_provisioner.start(plan)
    assert fake_provisioner.start(plan) is False

    looks = [fake_provisioner.progress(plan.order_id) for _ in range(len(LINES) + 1)]

    assert [len(look.lines) for look in looks] == [1, 2, 3, 3]
    assert [look.phase for look in looks] == [Phase.RUNNING] * 3 + [Phase.DONE]
    assert fake_provisioner.made.read_text().split("\n") == [f"machine {plan.order_id}", f"run {plan.order_id}", ""]


def test_it_fails_while_it_is_told_to(fake_provisioner: FakeProvisioner) -> None:
    plan = Plan(uuid4(), "acme.tenants.localhost", (), "http://127.0.0.1:9")
    fake_provisioner.failing.write_text("No room.")
    fake_provisioner.start(plan)
    for _ in LINES:
        assert fake_provisioner.progress(plan.order_id).reason == ""
    assert fake_provisioner.progress(plan.order_id).phase == Phase.FAILED
    assert fake_provisioner.progress(plan.order_id).reason == "No room."

    fake_provisioner.failing.unlink()
    assert fake_provisioner.start(plan) is True
    assert fake_provisioner.progress(plan.order_id).run == 2


def test_a_stopped_run_can_be_started_again(fake_provisioner: FakeProvisioner) -> None:
    plan = Plan(uuid4(), "acme.tenants.localhost", (), "http://127.0.0.1:9")
    fake_provisioner.failing.write_text("No room.")
    fake_provisioner.start(plan)

    fake_provisioner.stop(plan.order_id)

    assert fake_provisioner.start(plan) is True

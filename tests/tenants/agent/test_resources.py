"""Figures of a machine."""

from pathlib import Path

from tenants.agent.resources import Resources

STAT = "cpu  {user} 0 100 {idle} 50 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n"


def test_this_machine_has_figures(tmp_path: Path) -> None:
    figures = Resources(tmp_path).look()

    assert 0 <= figures["cpuPercent"] <= 100
    assert 0 < figures["memoryUsedMb"] < figures["memoryTotalMb"]
    assert 0 <= figures["diskUsedGb"] <= figures["diskTotalGb"]
    assert (figures["containersRunning"], figures["containersStopped"]) == (0, 0)


def test_the_processors_figure_is_of_the_time_since_the_last_look(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\n")
    stat = tmp_path / "stat"
    resources = Resources(tmp_path, proc=tmp_path)

    stat.write_text(STAT.format(user=100, idle=750))
    assert resources.look()["cpuPercent"] == 20
    stat.write_text(STAT.format(user=175, idle=775))
    figures = resources.look()

    assert figures["cpuPercent"] == 75
    assert (figures["memoryUsedMb"], figures["memoryTotalMb"]) == (1, 2)
    assert resources.look()["cpuPercent"] == 0

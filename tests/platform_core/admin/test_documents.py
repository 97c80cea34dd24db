"""JSON as staff read it."""

from platform_core.admin.documents import readable


def test_a_short_document_is_read_at_a_glance() -> None:
    shown = readable(
        {"rate_ppm": 190_000, "is_inclusive": False, "note": "", "who": None, "of": ["a", "<b>"], "by": {}}
    )

    assert shown == (
        "<dl class=document><dt>Rate ppm</dt><dd>190,000</dd><dt>Is inclusive</dt><dd>no</dd><dt>Note</dt><dd>none</dd>"
        "<dt>Who</dt><dd>none</dd><dt>Of</dt><dd><ol class=document><li>a</li><li>&lt;b&gt;</li></ol></dd>"
        "<dt>By</dt><dd>none</dd></dl>"
    )


def test_a_long_one_opens_when_somebody_wants_to_read_it() -> None:
    shown = readable({"lines": [{"description": "<Tokens>", **{f"n{number}": 1.5 for number in range(7)}}, True]})

    assert shown.startswith("<details class=document><summary>9 values</summary><dl class=document><dt>Lines</dt>")
    assert "<li><details class=document><summary>&lt;Tokens&gt;</summary><dl class=document>" in shown
    assert "<dt>N6</dt><dd>1.5</dd>" in shown
    assert "<li>yes</li>" in shown
    assert "<b>" not in shown

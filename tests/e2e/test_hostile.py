"""What a model writes is untrusted: it is shown, and never run."""

from collections.abc import Iterator

import pytest

from tests.conftest import Service
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.e2e.test_read import drop, text_of
from tests.integration.conftest import Start
from tests.pdfs import pdf
from tests.unit.engines.document.completions import Answer, serving

pytestmark = pytest.mark.e2e
ELSEWHERE = "http://collector.example"
HOSTILE = f"""# Minutes of the meeting

<script>window.hurt = 1; alert(1)</script>
<img src=x onerror="window.hurt = 2; alert(2)">
<img src="{ELSEWHERE}/pixel.png">
![a picture]({ELSEWHERE}/markdown.png)
<iframe src="{ELSEWHERE}/frame"></iframe>
<iframe srcdoc="<script>parent.hurt = 3</script>"></iframe>
<svg onload="window.hurt = 4"><script>window.hurt = 5</script></svg>
<style>body {{ display: none; background: url({ELSEWHERE}/style.png) }}</style>
<link rel="stylesheet" href="{ELSEWHERE}/sheet.css">
<base href="{ELSEWHERE}/">
<form action="{ELSEWHERE}"><input name="password"><button>Sign in</button></form>
<object data="{ELSEWHERE}/object"></object>
<details open ontoggle="window.hurt = 6">more</details>
<p style="position: fixed; inset: 0; background: url({ELSEWHERE}/p.png)">over everything</p>

[a link that runs](javascript:window.hurt=7) and [another](<java\tscript:window.hurt=8>)
and [a third](data:text/html,<script>window.hurt=9</script>)

<table><tr><td onclick="window.hurt = 10">a cell<script>window.hurt = 11</script></td></tr></table>

$\\href{{javascript:window.hurt=12}}{{x}}$ and $\\includegraphics{{{ELSEWHERE}/tex.png}}$

The meeting is closed.
"""


@pytest.fixture
def hostile(start: Start) -> Iterator[Service]:
    """A service whose document engine writes what nobody wants to run."""
    with serving() as engine:
        engine.says(Answer(HOSTILE.splitlines(keepends=True)))
        yield start(LLM_BASE_URL=engine.url, LLM_MODEL="m")


def test_hostile_markdown_runs_nothing_and_asks_nobody(hostile: Service, visit: Open) -> None:
    window = visit(hostile)
    window.expect("Failed to load resource.*40[04].*artifacts")  # a figure that the page does not have
    page = window.go("/").page
    drop(page, "minutes.pdf", pdf([("Minutes",)]))
    expect(text_of(page).get_by_role("heading", name="Minutes of the meeting")).to_be_visible()
    expect(text_of(page)).to_contain_text("The meeting is closed.")
    expect(page.get_by_text("The document has been read.")).to_be_attached()
    for view in ("Markdown", "Frames", "Rendered"):
        page.get_by_text(view, exact=True).first.click()
        page.wait_for_timeout(300)
    text = text_of(page)
    for cell in text.locator("td").all():
        cell.click(force=True)
    for link in text.locator("a").all():
        assert (link.get_attribute("href") or "#").startswith(("#", "http:", "https:", "mailto:", "/")), link
    assert text.locator("script, iframe, style, object, form, input, link, base, embed").count() == 0
    assert text.locator("[onerror], [onload], [onclick], [ontoggle]").count() == 0
    assert page.evaluate("window.hurt") is None
    assert window.foreign == []
    assert page.evaluate("getComputedStyle(document.body).display") != "none"

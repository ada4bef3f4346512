"""What axe says of a page."""

from pathlib import Path
from typing import Any, Final

AXE: Final = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE: Final = ("serious", "critical")


def complaints(page: Any) -> list[str]:
    """Everything serious or critical, a line each. The page's context must bypass its Content Security Policy."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]

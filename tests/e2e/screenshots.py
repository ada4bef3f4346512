"""Pictures of every view, to be looked at: `python -m tests.e2e.screenshots OUT`."""

import sys
import tempfile
from itertools import product
from pathlib import Path

from tests.conftest import Service
from tests.e2e.browsing import Visit, lacking, running
from tests.e2e.sights import fill, home, settle

SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
LANGUAGES = ("en-US", "zh-CN")
THEMES = ("light", "dark")


def main(out: Path) -> None:
    """Every view in every size, language and theme; prints what went wrong in them."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, running() as browser:
        service = Service(**home(Path(scratch)), CLIP_FALLBACK="concepts", FACE_FALLBACK="dlib")
        try:
            sights = fill(service)
            for (size, (width, height)), language, theme in product(SIZES.items(), LANGUAGES, THEMES):
                window = Visit(
                    browser,
                    service.url,
                    locale=language,
                    color_scheme=theme,
                    viewport={"width": width, "height": height},
                )
                window.expect("422.*preview")  # of the torn picture
                for name, path in sights.items():
                    window.page.goto(path)
                    settle(window.page)
                    file = out / f"{name}-{size}-{language[:2]}-{theme}.png"
                    window.page.screenshot(path=file, full_page=True)
                for line in window.unexpected():
                    print(f"{size} {language} {theme}: {line}")
                window.close()
        finally:
            service.stop()


if __name__ == "__main__":
    if reason := lacking():
        sys.exit(reason)
    main(Path(sys.argv[1]))

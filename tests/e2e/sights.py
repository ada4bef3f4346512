"""A service with something to be seen in every view, and the addresses of its sights."""

import io
import re
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cli.samples import photo_paths
from tests.conftest import Service, picture, until
from tests.pdfs import pdf

SHEETS = (
    ("The lantern keeper's almanac", "Winds from the west, and mild for the season.", "The ferry sails at nine."),
    ("Of orchards and their keepers", "Apples are stored cool, dark, and never beside pears.", "Count them weekly."),
)


def fill(service: Service) -> dict[str, str]:
    """Make a document, an album, two rescans with one failure, and people; the address of each sight by its name."""
    folder = service.library / "summer"
    folder.mkdir(exist_ok=True)
    for number in range(14):
        (folder / f"IMG_{number:04}.png").write_bytes(_photo(number))
    (folder / "torn.jpg").write_bytes(picture(800, 600, "torn", form="JPEG")[:900])
    samples = service.library / "samples"
    samples.mkdir(exist_ok=True)
    for path in photo_paths():
        (samples / path.name).write_bytes(path.read_bytes())
    soon = {"priority": "interactive"}
    scan = _begin(service, json={"library": str(folder), "tasks": ["ocr", "clip"], **soon})
    look = _begin(service, json={"library": str(samples), "tasks": ["ocr", "clip", "face"], **soon})
    uploads = [("files", (path.name, path.read_bytes())) for path in sorted(folder.glob("*.png"))]
    album = _begin(service, files=uploads, data={"tasks": "ocr"})
    sheets = {"file": ("almanac.pdf", pdf(SHEETS), "application/pdf")}
    document = service.http.post("/api/documents", files=sheets, data={"stream": "false"}).json()["task_id"]
    for job in (scan, look, album, document):
        until(lambda job=job: _over(service, job), 120, f"the end of {job}")  # type: ignore[misc]
    return {
        "read": "/",
        "document": f"/read/{document}",
        "photos": "/photos",
        "album": f"/photos/{album}",
        "rescans": "/rescans",
        "rescan": f"/rescans/{scan}",
        "system": "/system",
        **_found(service),
        **_people(service),
    }


def _begin(service: Service, **what: Any) -> str:
    """A job's id."""
    return str(service.http.post("/api/jobs", **what).raise_for_status().json()["task_id"])


def _found(service: Service) -> dict[str, str]:
    asked = {"q": "harbour", "mode": "text"}
    first = service.http.get("/api/search", params=asked).raise_for_status().json()["items"][0]["sha256"]
    return {"search": "/search", "found": "/search?q=harbour", "found-photo": f"/search?q=harbour&photo={first}"}


def _people(service: Service) -> dict[str, str]:
    job = service.http.post("/api/people/cluster", json={"min_faces": 1}).raise_for_status().json()["task_id"]
    until(lambda: _over(service, job), 60, "the end of the clustering")
    people = service.http.get("/api/people").json()["items"]
    return {"people": "/people", **({"person": f"/people/{people[0]['id']}"} if people else {})}


def settle(page: Any) -> None:
    """Wait until what a view shows has come."""
    page.locator("main :is(h1, h2)").first.wait_for()
    page.wait_for_timeout(2500)  # pictures and charts; a view that polls is never idle


def _over(service: Service, job: str) -> bool:
    return service.http.get(f"/api/jobs/{job}").json()["state"] in ("completed", "failed")


def _photo(number: int) -> bytes:
    """A drawn landscape with a sign."""
    image = Image.new("RGB", (640, 480), (120 + 8 * number, 170, 215))
    draw = ImageDraw.Draw(image)
    draw.ellipse((420 + number, 50, 520 + number, 150), fill=(250, 220, 120))
    draw.polygon([(0, 480), (180, 180 + 9 * number), (360, 480)], fill=(70, 95, 80))
    draw.polygon([(200, 480), (430, 240), (640, 480)], fill=(50, 75, 65))
    draw.rectangle((60, 380, 330, 450), fill=(250, 248, 240))
    draw.text((75, 390), f"Harbour {number}", fill=(20, 20, 20), font_size=44)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def slug(*words: str) -> str:
    """A name for a file."""
    return re.sub(r"\W+", "-", "-".join(words)).strip("-").lower()


def home(path: Path) -> dict[str, Path]:
    """Folders of a service that is made for its sights."""
    library = path / "library"
    library.mkdir(parents=True, exist_ok=True)
    return {"home": path / "home", "library": library}

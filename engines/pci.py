"""Graphics cards that the kernel knows, whether or not a driver serves them."""

from pathlib import Path
from typing import Final, Literal

Maker = Literal["nvidia", "intel"]

# https://pci-ids.ucw.cz: vendors, and the class of display controllers
_VENDORS: Final[dict[str, Maker]] = {"0x10de": "nvidia", "0x8086": "intel"}
_DISPLAY: Final = "0x03"


def has_card(maker: Maker, root: Path) -> bool:
    """Whether a card of this maker is in the machine; also seen from inside a container.

    Args:
        maker: of the card.
        root: where `sys` lies.
    """
    return any(
        made_by(folder) == maker and _read(folder / "class").startswith(_DISPLAY)
        for folder in (root / "sys/bus/pci/devices").glob("*")
    )


def made_by(folder: Path) -> Maker | None:
    """The maker of the device with this folder in /sys; None for others, and where it cannot be read."""
    return _VENDORS.get(_read(folder / "vendor"))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""

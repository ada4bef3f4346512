"""Which person each group of faces is: the one whose faces it has, or somebody new."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence


def match(
    groups: Iterable[Sequence[int]], pins: Mapping[int, str], before: Mapping[int, str], min_faces: int
) -> dict[int, str]:
    """Face -> person, of all faces that are anybody's and not pinned.

    A group with pinned faces is the person whom they are pinned to. Any other is the person of whom it has most faces,
    so that ids stay from one clustering to the next; each person is one group, the one with most of the faces.

    Args:
        groups: faces' ids.
        pins: face -> person, by decision.
        before: face -> person, by the last clustering.
        min_faces: a group with fewer is nobody, unless faces of it are pinned.
    """
    found: dict[int, str] = {}
    open_groups: list[Sequence[int]] = []
    for group in groups:
        person = next((pins[face] for face in group if face in pins), None)
        if person is not None:
            found.update((face, person) for face in group if face not in pins)
        elif len(group) >= min_faces:
            open_groups.append(group)
    shared = _shared(open_groups, before, set(pins.values()))
    for place, group in enumerate(open_groups):
        person = shared.get(place) or uuid.uuid4().hex
        found.update((face, person) for face in group)
    return found


def _shared(groups: Sequence[Sequence[int]], before: Mapping[int, str], taken: set[str]) -> dict[int, str]:
    """Group's place -> who it was, one group a person, those that share most first."""
    overlaps: dict[tuple[int, str], int] = defaultdict(int)
    for place, group in enumerate(groups):
        for person, count in Counter(before[face] for face in group if face in before).items():
            overlaps[place, person] = count
    found: dict[int, str] = {}
    gone = set(taken)
    for (place, person), _ in sorted(overlaps.items(), key=lambda pair: (-pair[1], pair[0])):
        if place not in found and person not in gone:
            found[place] = person
            gone.add(person)
    return found

"""Ids of people stay from one clustering to the next."""

from tasks.search.people.matching import match


def test_a_group_is_whom_most_of_its_faces_were() -> None:
    before = {1: "a", 2: "a", 3: "a", 4: "b", 5: "b"}
    found = match([[1, 2, 4, 9], [3, 5, 8]], {}, before, 2)
    assert [found[face] for face in (1, 2, 4, 9)] == ["a"] * 4
    assert [found[face] for face in (3, 5, 8)] == ["b"] * 3


def test_one_who_falls_apart_stays_the_larger_part() -> None:
    found = match([[1, 2], [3, 4, 5]], {}, dict.fromkeys(range(1, 6), "a"), 2)
    assert found[3] == "a"
    assert found[1] == found[2] != "a"


def test_a_group_of_pinned_faces_is_that_person_however_small() -> None:
    found = match([[1, 2, 3], [4]], {1: "anna", 4: "ben"}, {2: "c", 3: "c"}, 3)
    assert found == {2: "anna", 3: "anna"}


def test_who_has_pinned_faces_is_no_other_group_too() -> None:
    found = match([[1], [2, 3]], {1: "anna"}, {2: "anna", 3: "anna"}, 2)
    assert found[2] == found[3] != "anna"


def test_few_faces_are_nobody() -> None:
    assert match([[1, 2]], {}, {1: "a", 2: "a"}, 3) == {}

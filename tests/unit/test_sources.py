"""What `make check` knows of our files holds in the suite too."""

from tests import sources


def test_the_settings_table_and_the_sizes_of_files_are_right() -> None:
    assert list(sources.problems()) == []

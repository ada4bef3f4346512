"""Write every dashboard to monitoring/grafana/dashboards."""

from monitoring.dashboards.every import FOLDER, files


def main() -> None:
    """Write them; those of the folder that are none of ours any more go."""
    made = files()
    for old in FOLDER.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

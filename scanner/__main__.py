"""``python -m scanner``: the command by the path of its Python alone, as schedules need it."""

from __future__ import annotations

from scanner.cli import main

if __name__ == "__main__":
    main()

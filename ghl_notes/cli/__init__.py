"""The command ``ghl-notes``, which needs the extra ``cli``.

This is the only part of the library that reads environment variables.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``ghl-notes``, and leave with its exit status."""
    try:
        from ghl_notes.cli.app import app  # noqa: PLC0415 - what it needs may not be installed

        app()
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit("ghl-notes needs its extra: pip install 'ghl-notes[cli]'")
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(130)

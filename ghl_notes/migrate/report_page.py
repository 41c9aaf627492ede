"""The page that a report is put into, and its style. It loads nothing and runs no script."""

from string import Template
from typing import Final

ONLY: Final = '<p><label><input type="checkbox" id="only"> Only what is to be looked at</label></p>'
STYLE: Final = """
  :root { color-scheme: light dark; --back: #fff; --text: #1d2939; --soft: #475467;
          --line: #d0d5dd; --stripe: #f4f6fa; --trouble: #b42318; --good: #067647; --open: #155eef }
  @media (prefers-color-scheme: dark) {
    :root { --back: #0c111d; --text: #f5f5f6; --soft: #a3aab8; --line: #333b4c; --stripe: #161b26;
            --trouble: #fda29b; --good: #75e0a7; --open: #84adff }
  }
  body { margin: 0 auto; padding: 1.5rem; max-width: 90rem; background: var(--back);
         color: var(--text); font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere }
  h1 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .5rem }
  h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
  table { border-collapse: collapse }
  th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top;
           border-bottom: 1px solid var(--line) }
  th { color: var(--soft); font-weight: 600 }
  .counts td:nth-child(2) { text-align: right; font-variant-numeric: tabular-nums }
  th, td:first-child { white-space: nowrap }
  .lines { width: 100%; table-layout: fixed }
  .lines th:first-child { width: 7.5rem }
  .lines th:last-child { width: 30% }
  .lines tbody tr.trouble { background: var(--stripe) }
  span.trouble, p.trouble { color: var(--trouble); font-weight: 600 }
  span.good, p.good { color: var(--good) }
  span.open { color: var(--open) }
  span.idle { color: var(--soft) }
  i { display: inline-block; width: 1em; font-style: normal; text-align: center }
  code { font-size: .9em }
  body:has(#only:checked) .lines tbody tr:not(.trouble) { display: none }
  @media screen and (max-width: 50rem) {
    body { padding: 1rem }
    .lines thead { display: none }
    .lines tr, .lines td { display: block; border: 0; padding: .1rem 0 }
    .lines tr { border-bottom: 1px solid var(--line); padding: .6rem 0 }
    .lines td:empty { display: none }
    .lines td:not(:first-child)::before { content: attr(data-name) " "; color: var(--soft) }
    .lines br { display: none }
    .lines bdi + br + bdi::before { content: ", " }
  }
  @media print {
    body { padding: 0; max-width: none; font-size: 9pt }
    label { display: none }
    thead { display: table-header-group }
    tr { break-inside: avoid }
  }
"""

PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>$style</style>
</head>
<body>
<h1>$heading</h1>
<p class="$tone">$verdict</p>
<table class="counts">
<thead><tr><th>Result<th>Notes<th>Meaning</tr></thead>
<tbody>
$counts
</tbody>
</table>
$lists
<h2>All notes</h2>
$only
<table class="lines">
<thead><tr><th>Result<th>Note<th>Written<th>About<th>HighLevel<th>Reason and remarks</tr></thead>
<tbody>
$lines
</tbody>
</table>
</body>
</html>
""")

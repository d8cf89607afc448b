"""A model's README as HTML: headings, paragraphs, lists, tables, code. What it
links to is written out, as a report refers to nothing outside of itself."""

import re
from html import escape

LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
INLINE = ((re.compile(r"`([^`]+)`"), "code"), (re.compile(r"\*\*([^*]+)\*\*"), "strong"))
RULE = re.compile(r"\|?[\s:|-]+\|?")  # between a table's head and its rows


def inline(words: str) -> str:
    said = escape(LINK.sub(lambda m: f"{m[1]} ({m[2]})", words), quote=False)
    for pattern, tag in INLINE:
        said = pattern.sub(rf"<{tag}>\1</{tag}>", said)
    return said


def cells(row: str) -> list[str]:
    return [c.strip() for c in row.strip().strip("|").split("|")]


def table(lines: list[str]) -> str:
    rows = [cells(row) for row in lines if not RULE.fullmatch(row.strip())]
    body = "".join("<tr>" + "".join(f"<td>{inline(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table>{body}</table></div>'


def blocks(markdown: str) -> list[list[str]]:
    """Runs of lines that belong together; code keeps its empty lines."""
    found: list[list[str]] = [[]]
    code = False
    for row in markdown.splitlines():
        fence = row.lstrip().startswith("```")
        if fence and not code or not code and (not row.strip() or row.startswith("#")):
            found.append([])
        if row.strip() or code:
            found[-1].append(row)
        if fence and code or not code and row.startswith("#"):
            found.append([])
        code ^= fence
    return [b for b in found if b]


def as_html(markdown: str) -> str:
    return "\n".join(block(b) for b in blocks(markdown))


def block(lines: list[str]) -> str:
    first = lines[0].lstrip()
    if first.startswith("```"):
        return f"<pre>{escape(chr(10).join(lines[1:-1]), quote=False)}</pre>"
    if first.startswith("#"):
        return f"<h3>{inline(first.lstrip('# '))}</h3>"
    if first.startswith("|"):
        return table(lines)
    if first.startswith(("- ", "* ")):
        items = re.split(r"(?m)^\s*[-*] ", "\n".join(lines))[1:]
        return "<ul>" + "".join(f"<li>{inline(' '.join(i.split()))}</li>" for i in items) + "</ul>"
    return f"<p>{inline(' '.join(lines))}</p>"

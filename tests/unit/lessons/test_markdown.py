from __future__ import annotations

import pytest

from server.lessons.markdown import inline, sections
from server.lessons.source import LabError

TEXT = """\
---
format: 1
---

Intro with `code`.

## One

First.

```do
- run: x
```

> note: Ask the *room*.

> A quotation.

```python
print("shown")
```

| a | b |
| - | - |
| 1 | 2 |

## Two

### Not a step
"""


def test_sections_and_their_parts() -> None:
    head, found = sections(TEXT, "lab.md")
    assert (head.text, head.line) == ("format: 1", 2)
    assert [(section.title, section.line) for section in found] == [("", 1), ("One", 7), ("Two", 27)]
    assert [part.kind for part in found[1].parts] == ["prose", "do", "note", "prose", "prose", "prose"]


def test_blocks_know_where_their_yaml_begins() -> None:
    _, found = sections(TEXT, "lab.md")
    (do,) = [part for part in found[1].parts if part.kind == "do"]
    assert (do.text, do.line) == ("- run: x\n", 12)
    assert TEXT.splitlines()[do.line - 1] == "- run: x"


def test_prose_and_notes_are_html() -> None:
    _, found = sections(TEXT, "lab.md")
    assert found[0].parts[0].text == "<p>Intro with <code>code</code>.</p>\n"
    (note,) = [part.text for part in found[1].parts if part.kind == "note"]
    assert note == "<p>Ask the <em>room</em>.</p>\n"
    prose = "".join(part.text for part in found[1].parts if part.kind == "prose")
    assert "<blockquote>\n<p>A quotation.</p>" in prose
    assert '<code class="language-python">' in prose
    assert "<table>" in prose
    assert found[2].parts[0].text == "<h3>Not a step</h3>\n"


def test_raw_html_is_text() -> None:
    _, found = sections("---\na: 1\n---\n\n<script>alert(1)</script> [x](javascript:alert(1))\n", "lab.md")
    assert "<script>" not in found[0].parts[0].text
    assert "href" not in found[0].parts[0].text
    assert inline("<b>*a*</b>") == "&lt;b&gt;<em>a</em>&lt;/b&gt;"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("no head\n", 1, "does not begin with a front matter"),
        ("---\na: 1\n---\n\n# Title\n", 5, "one # is the title"),
        ("---\na: 1\n---\n\n```expects\n```\n", 5, "no block `expects`"),
        ("---\na: 1\n---\n\n1. x\n\n   ```do\n   - a\n   ```\n", 7, "`do` is indented"),
    ],
)
def test_what_is_refused(text: str, line: int, what: str) -> None:
    with pytest.raises(LabError) as caught:
        sections(text, "lab.md")
    assert caught.value.where.line == line
    assert what in caught.value.where.what

"""Write static/js/log/lab_protocol.js: the types of lab events, of a run's state and of a lab's outline.

They come from server/lab_events.py, server/courses/shapes.py and server/web/lab_views.py. Run ``make docs`` after a
change of one of them; a test fails until that was done.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from docs.generate import shapes
from docs.protocol_js import typedef_of
from docs.state_js import typedef_of as typedef_of_shape
from server import lab_events
from server.courses.shapes import RunState
from server.web.lab_outline import Outline, QuestionOutline, StepOutline

TARGET = Path(__file__).parents[1] / "static" / "js" / "log" / "lab_protocol.js"

HEAD = """\
// The types of lab runs, for the checker and for readers. Made by docs/lab_protocol_js.py from server/lab_events.py,
// server/courses/shapes.py and server/web/lab_views.py. A field in brackets is left out while it holds its default.
"""


def render() -> str:
    """The text of lab_protocol.js."""
    structs = get_args(lab_events.LabEvent)
    parts = [HEAD]
    parts += [
        typedef_of(struct.__name__, struct, None)
        for struct in (
            lab_events.Answer,
            lab_events.Asked,
            lab_events.Proof,
            lab_events.Measured,
            QuestionOutline,
            StepOutline,
            Outline,
        )
    ]
    parts += [typedef_of(struct.__name__, struct, struct.__struct_config__.tag) for struct in structs]
    parts.append(f"/** @typedef {{{' | '.join(struct.__name__ for struct in structs)}}} LabEvent */\n")
    parts += map(typedef_of_shape, shapes(RunState))
    tags = "\n".join(f'  "{struct.__struct_config__.tag}",' for struct in structs)
    head = "/** Every type of lab event, in the order of server/lab_events.py. */\nexport const LAB_EVENT_TYPES"
    parts.append(f"{head} = [\n{tags}\n];\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(render())

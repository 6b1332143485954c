"""Lab runs keep to their playbook, and the log of each conversation folds to the same state again."""

from __future__ import annotations

from server import lab_events as le
from server.courses.state import fold, initial
from tests.playbooks.lab_run_speaker import LabRun
from tests.playbooks.reader import Conversation, conversations, play


@conversations("lab_runs.txt")
def test_lab_run(conversation: Conversation) -> None:
    run = LabRun()
    play(conversation, run)
    state = initial()
    for event in run.log:
        fold(state, le.decode_lab_entry(le.encode_lab_entry(event.seq, event.t, event)))
    assert state == run.state

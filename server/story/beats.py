"""A log as beats and scenes: each foreground event is in exactly one beat, each beat in exactly one scene.

A beat's id is the ``seq`` of its first foreground event, a scene's the id of its first beat. More of a log changes
the last beat and the last scene, and no other.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from server import events as ev
from server.story.predicates import predicates_of
from server.story.rules import RULES, Purpose, Rule
from server.story.sentences import SENTENCES, slot_names, words
from server.story.slots import Slots, slots_of, subjects_of
from server.story.told import Told

COUNTED: Final = {
    ("start", "program.starts"): ("starts", "process "),
    ("start", "socket.made"): ("settled", "call "),
    ("start", "row.listens"): ("settled", "socket "),
    ("start", "row.bound"): ("settled", "socket "),
    ("connect", "connect.asks"): ("asks", "call "),
    ("connect", "packet.syn"): ("syns", "connection "),
    ("connect", "connect.returns"): ("settled", "call "),
    **{
        ("end", message): ("ends", "connection ")
        for message in ("close.asks", "shutdown.asks", "packet.fin", "packet.rst")
    },
}
"""Purpose of the scene and message → what is counted of it, and which of its subjects."""
OTHERWISE: Final = {"start": "scene.last", "connect": "scene.last", "refused": "scene.last",
                    "failed": "scene.last"}  # fmt: skip
"""Purpose → the heading of a scene of which nothing has been counted yet."""
_COMPILED: Final = {
    tag: [(rule, [predicates_of(tag)[name] for name in rule.when]) for rule in rules] for tag, rules in RULES.items()
}


class Said(msgspec.Struct, frozen=True):
    """One sentence of a beat: a message of ``sentences`` and its slots."""

    message: str
    slots: dict[str, str]

    def __str__(self) -> str:
        return words(self.message, self.slots)


class Beat(msgspec.Struct):
    """The smallest stretch of a log after which the picture has changed in one way that is worth a sentence.

    Attributes:
        seqs: Its foreground events, in order; the first is its id.
        scene: The id of its scene.
        said: A sentence for each of the events, and what an errno among them means.
    """

    seqs: list[int]
    scene: int
    said: list[Said]

    @property
    def id(self) -> int:
        """Its first foreground event."""
        return self.seqs[0]

    def __str__(self) -> str:
        return " ".join(str(each) for each in self.said)


class Scene(msgspec.Struct):
    """A contiguous stretch of beats with one purpose.

    Attributes:
        id: The id of its first beat.
        purpose: What it is about.
        heading: What happens in it; it may grow while the scene is the last one.
    """

    id: int
    purpose: Purpose
    heading: Said


class Story:
    """Cuts a log that is told to it event by event.

    Attributes:
        beats: So far; the last one is open.
        scenes: So far; the last one is open.
    """

    def __init__(self) -> None:
        self.beats: list[Beat] = []
        self.scenes: list[Scene] = []
        self._told = Told()
        self._subjects: set[str] = set()
        self._counted: dict[str, set[str]] = {}
        self._over = True

    def add(self, event: ev.Event) -> None:
        """Take the next event of the log."""
        rule = self._rule(event)
        told = rule is not None and self._tell(event.seq, event, rule)
        self._told.remember(event, rule.message if rule and told else "")

    def _rule(self, event: ev.Event) -> Rule | None:
        for rule, predicates in _COMPILED[str(event.__struct_config__.tag)]:
            if all(predicate(self._told, event) for predicate in predicates):
                return rule if rule.message else None
        return None

    def _tell(self, seq: int, event: ev.Event, rule: Rule) -> bool:
        """Make a foreground event part of a beat; False: it is background, for it joins none."""
        subjects = subjects_of(self._told, event)
        last = self.beats[-1] if self.beats else None
        joins = last is not None and last.said[-1].message in rule.joins and bool(subjects & self._subjects)
        if not joins and not rule.alone:
            return False
        slots = slots_of(self._told, event)
        said = [Said(rule.message, {name: slots[name] for name in slot_names(rule.message)})]
        if (meaning := f"error.{slots.get('error')}") in SENTENCES:
            said.append(Said(meaning, {}))
        if last is not None and joins:
            last.seqs.append(seq)
            last.said += said
            self._subjects |= subjects
        else:
            self._set_scene(seq, rule.leads)
            self.beats.append(Beat([seq], self.scenes[-1].id, said))
            self._subjects = subjects
        self._head(rule, slots, subjects)
        return True

    # Scenes

    def _set_scene(self, seq: int, leads: Purpose | Literal[""]) -> None:
        """Begin another scene if the one that is on is over, or the beat leads to another one."""
        if not self._over and not (leads and self._is_left(self.scenes[-1], leads)):
            return
        self._over = False
        self._counted = {}
        purpose = leads or "last"
        self.scenes.append(Scene(seq, purpose, Said(OTHERWISE.get(purpose, f"scene.{purpose}"), {})))

    def _is_left(self, scene: Scene, purpose: Purpose) -> bool:
        """Whether a beat that leads to a purpose leaves the scene that is on.

        Connections that are made at the same time share one scene, so none is left while a handshake is under way.
        """
        if scene.purpose == "connect":
            if purpose in ("refused", "failed"):
                return self._count("asks", "syns") > 1 and len(self._told.openings) < 2
            if self._told.openings:
                return False
        if purpose == "over":
            return scene.purpose not in ("end", "over", "last")
        if scene.purpose != purpose:
            return True
        return purpose in ("start", "connect") and self._is_settled(purpose)

    def _is_settled(self, purpose: Purpose) -> bool:
        """Whether the scene that is on has reached what it is about, so that more of the same is another one."""
        asks, syns = self._count("asks"), self._count("syns")
        if purpose == "start" or syns == 0:
            return self._count("settled") > 0
        return asks <= syns

    def _count(self, *names: str) -> int:
        return max(len(self._counted.get(name, ())) for name in names)

    def _head(self, rule: Rule, slots: Slots, subjects: set[str]) -> None:
        """Let the scene that is on say what has come to it."""
        scene = self.scenes[-1]
        if rule.leads in ("refused", "failed") and scene.purpose in ("connect", "refused", "failed"):
            self._turn(scene, rule.leads, slots)
            self._over = rule.message == "call.fails" and scene.purpose != "connect"
        name, kind = COUNTED.get((scene.purpose, rule.message), ("", ""))
        if name:
            found = {subject for subject in subjects if subject.startswith(kind)}
            self._counted.setdefault(name, set()).update(found)
            if name != "settled":
                scene.heading = self._heading(scene, slots)

    def _turn(self, scene: Scene, purpose: Purpose, slots: Slots) -> None:
        """What was to be a connection has become none; of several, the others may still become some."""
        if scene.purpose != "connect" or self._count("asks", "syns") < 2:
            scene.purpose = purpose
            scene.heading = Said(f"scene.{purpose}", {"host": slots.get("host") or slots["target_host"]})

    def _heading(self, scene: Scene, slots: Slots) -> Said:
        number = self._count("starts", "asks", "syns", "ends")
        if number > 1:
            return Said(f"scene.{scene.purpose}.many", {"count": str(number)})
        if scene.heading.message == "scene.connect":
            return scene.heading
        message = f"scene.{scene.purpose}"
        every = {"address": slots.get("target", ""), "host": slots.get("source_host", ""), **slots}
        return Said(message, {name: every[name] for name in slot_names(message)})

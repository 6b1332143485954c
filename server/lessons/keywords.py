"""Every keyword of a lab file, in one table: the reader refuses what is not in it, the reference page is made of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyword:
    """One key.

    Attributes:
        help: What it says, as a clause without a subject.
        required: It must be there.
    """

    help: str
    required: bool = False


TRACKS = (
    "Sockets and connections",
    "Ports and addresses",
    "Streams and datagrams",
    "Closing",
    "When things go wrong",
    "Real life",
)
"""The parts of the catalogue, in their order. A lab that names none stands behind them."""

KEYWORDS: dict[str, dict[str, Keyword]] = {
    "front matter": {
        "format": Keyword("the version of this format: 1", required=True),
        "title": Keyword("the name of the lab, a few words", required=True),
        "question": Keyword("the question that the lab answers, as a person would ask it", required=True),
        "minutes": Keyword("how long it takes, 1 to 60", required=True),
        "misconceptions": Keyword("the numbers of the misconceptions that it settles: [1, 3]"),
        "track": Keyword(f"the part of the catalogue that it belongs to: {', '.join(TRACKS)}"),
        "hosts": Keyword("`default`, or a mapping from host name to its address or list of addresses", required=True),
        "elsewhere": Keyword("addresses in its commands that no host has, on purpose: a list"),
        "open_files": Keyword("how many files a program may have open: 16 to 20000; 1024 if left out"),
        "pace": Keyword("the pace that it starts in: live (the default), slow or step"),
        "remember": Keyword("what to remember: a list of three sentences", required=True),
    },
    "action": {
        "run": Keyword("a command line to start on a host, in the lab's folder"),
        "type": Keyword("a line of text that a program gets on its standard input"),
        "end_input": Keyword("the name of a program whose standard input ends (Ctrl+D)"),
        "signal": Keyword("a signal for a program: TERM, INT, KILL, STOP or CONT"),
        "pace": Keyword("the pace from now on: live, slow or step"),
        "hold": Keyword("hold every packet that fits from now on, or the next `count`; `off` ends it"),
        "lose": Keyword("lose every packet that fits from now on, or the next `count`; `off` ends it"),
        "deliver": Keyword("wait for a packet on the wire that fits, and deliver it"),
        "drop": Keyword("wait for a packet on the wire that fits, and drop it"),
        "duplicate": Keyword("wait for a packet on the wire that fits, and deliver a copy of it"),
        "release": Keyword(
            "wait for a moment that fits and let it go on; `next` is any; with `until`, again and again"
        ),
        "wire": Keyword("what the wire does to every packet"),
        "sysctl": Keyword("kernel parameters of a host: a mapping from name to value"),
        "wait": Keyword("a condition to wait for"),
        "on": Keyword("the host of `run` and `sysctl`"),
        "as": Keyword("the name of what `run` starts; later actions and conditions refer to it"),
        "to": Keyword("the name of the program for `type` and `signal`"),
        "credentials": Keyword("what `run` may do: user (the default), or admin to bind ports below 1024"),
        "times": Keyword("how often `run` starts the command"),
        "until": Keyword("the condition that ends `release`; it waits for nothing else"),
        "pause_ms": Keyword("how long each moment waits at pace slow"),
    },
    "match": {
        "flags": Keyword("exactly these TCP flags: SYN or [SYN, ACK]"),
        "protocol": Keyword("tcp, udp, icmp or icmp6"),
        "source_host": Keyword("the host that sent it"),
        "target_host": Keyword("the host that it is for"),
        "source_port": Keyword("the port that it comes from"),
        "destination_port": Keyword("the port that it is for"),
        "payload": Keyword("true: with data in it; false: without"),
        "count": Keyword("for `hold` and `lose`: only the next so many"),
    },
    "wire": {
        "delay_ms": Keyword("milliseconds that each packet takes"),
        "jitter_ms": Keyword("milliseconds that it may take more or less"),
        "loss": Keyword("the part of all packets that is lost, 0 to 1"),
        "neighbours": Keyword("true: show ARP and IPv6 neighbour discovery as packets too"),
    },
    "predict": {
        "question": Keyword("the question, before anything runs", required=True),
        "options": Keyword("two to six answers: `- ANSWER: what who picks it may have in mind`, one of them `right`"),
        "number": Keyword(
            "let a number be typed, and say what of, such as sockets; `options` are numbers to say something to"
        ),
        "measure": Keyword("how the run itself gives the answer: a quantity, or a condition that `right` rests on"),
        "keep": Keyword("`last`: the last option, which speaks of the others, is shown last in every order"),
        "settles": Keyword("the number of the misconception that it settles, or a list of them"),
    },
    "explain": {
        "question": Keyword("the question, after the run", required=True),
        "options": Keyword("two to six sentences: `- SENTENCE: what is wrong`, one of them `right`", required=True),
        "keep": Keyword("`last`: the last option, which speaks of the others, is shown last in every order"),
        "settles": Keyword("the number of the misconception that it settles, or a list of them"),
    },
    "right": {
        "right": Keyword("why this is the right answer", required=True),
    },
    "modify": {
        "task": Keyword("what to do, in one or two sentences", required=True),
        "start": Keyword("actions that the learner gets, to change them"),
        "do": Keyword("one way to do it: the last hint, and what `socketlab labs check` plays", required=True),
    },
    "make": {
        "task": Keyword("what to do, in one or two sentences", required=True),
        "do": Keyword("one way to do it: the last hint, and what `socketlab labs check` plays", required=True),
    },
    "table": {
        "on": Keyword("the host where the command is typed", required=True),
        "rows": Keyword("the rows it is about: one subject with its fields", required=True),
        "linux": Keyword("the command on Linux", required=True),
        "macos": Keyword("the command on macOS"),
        "windows": Keyword("the command on Windows"),
    },
    "hint": {
        "when": Keyword("a condition; only `count` means: of the rows of its check", required=True),
        "say": Keyword("what is wrong or where to look, never the solution", required=True),
    },
    "expect": {
        "that": Keyword("what the check says, in words; without it, the words are made from the condition"),
        "hint": Keyword("a hint, or a list of them, shown while its `when` holds"),
    },
    "condition": {
        "socket": Keyword("sockets that the kernel has now"),
        "process": Keyword("processes, running or ended"),
        "fd": Keyword("open file descriptors"),
        "call": Keyword("system calls that were made, the oldest first"),
        "packet": Keyword("packets that were sent, the oldest first"),
        "output": Keyword("lines that programs printed"),
        "moment": Keyword("what waits for a person: calls about to enter, packets about to be delivered"),
        "sysctl": Keyword("kernel parameters that were set"),
        "count": Keyword("how many rows must fit: a number, or `at_least` and `at_most`; 1 or more if left out"),
        "since": Keyword("`step`: only what happened in this step; for calls, packets, output, `ever` and `never`"),
        "ever": Keyword("a subject: rows that fitted at any time, even if they no longer do"),
        "never": Keyword("a subject: no row ever fitted"),
        "all": Keyword("a list of conditions that must all hold"),
        "any": Keyword("a list of conditions of which one must hold"),
        "not": Keyword("a condition that must not hold"),
        "before": Keyword("two subjects: a row of the first fitted before any of the second did"),
        "equal": Keyword("two quantities that must be equal"),
        "different": Keyword("two quantities that must differ"),
        "less": Keyword("two quantities; the first must be less than the second"),
    },
    "count": {
        "at_least": Keyword("the smallest number"),
        "at_most": Keyword("the largest number"),
    },
    "quantity": {
        "count": Keyword("how many rows of a subject fit"),
        "value": Keyword("the value of this field, which all rows of the subject in `of` share"),
        "distinct": Keyword("how many different values this field has in the rows of `of`"),
        "sum": Keyword("the sum of this field over the rows of `of`"),
        "of": Keyword("the subject for `value`, `distinct` and `sum`"),
    },
    "term": {
        "forms": Keyword("other forms that become links too, separated by commas: ports"),
        "see": Keyword("related entries, separated by commas"),
        "source": Keyword("where it is laid down: an RFC or a manual page"),
    },
    "analogy": {
        "name": Keyword("one or two words for it, which links to it use", required=True),
        "misconceptions": Keyword("the numbers of the misconceptions it feeds, separated by commas", required=True),
    },
    "pattern": {
        "is": Keyword("exactly this text, where `*` is a star"),
        "not": Keyword("anything but this; `*` stands for any text"),
        "contains": Keyword("a flag, or a piece of the text"),
        "at_least": Keyword("this number or more"),
        "at_most": Keyword("this number or less"),
    },
}
"""Context → key → what it says."""

VERBS = (
    "run", "type", "end_input", "signal", "pace", "hold", "lose", "deliver", "drop", "duplicate", "release", "wire",
    "sysctl", "wait",
)  # fmt: skip
"""The keys of an action of which it has exactly one."""

MODIFIERS: dict[str, tuple[str, ...]] = {
    "run": ("on", "as", "credentials", "times"),
    "type": ("to",),
    "signal": ("to",),
    "pace": ("pause_ms",),
    "release": ("until",),
    "sysctl": ("on",),
}
"""What may stand beside a verb."""

BLOCKS: dict[str, str] = {
    "predict": "a question before the run; the run's own answer grades it",
    "do": "the actions of the step: a list; each runs with one click",
    "expect": "the checks of the step: a list of conditions that fail before its actions and pass after them",
    "explain": "a question after the run: choose the sentence that fits",
    "modify": "a task: change what ran; with its own `expect`",
    "make": "a task: make something; with its own `expect`",
    "hints": "one to three hints for the step, from where to look to what to compare",
    "table": "the tool view: what a person types on their own machine to see the same",
}
"""The fenced blocks of a lab."""

LANGUAGES = ("text", "console", "python", "c", "sh", "http", "json")
"""Fences that are shown as code."""

"""What each template is given: one dataclass a template, so that page, template and test agree on the names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from server.catalogue import Program
from server.sandbox.machine import Check
from server.sandbox.sysctls import Sysctl

Theme = Literal["auto", "light", "dark", "projector"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark", "projector")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostChoice:
    """A host as a page offers it."""

    name: str
    address: str


DEFAULT_HOSTS = (
    HostChoice(name="server", address="10.0.0.4"),
    HostChoice(name="client-a", address="10.0.0.5"),
    HostChoice(name="client-b", address="10.0.0.6"),
)
"""The hosts that the play page shows before its sandbox has told its own."""


class Context:
    """What a template is given."""

    __slots__ = ()

    def variables(self) -> dict[str, Any]:
        """The names that the template sees."""
        return {member.name: getattr(self, member.name) for member in fields(self)}  # type: ignore[arg-type]  # children are dataclasses


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext(Context):
    """What every page has.

    Attributes:
        title: The document's title, without the name of the site.
        theme: What the visitor chose; ``auto`` follows the system.
    """

    title: str
    theme: Theme = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayContext(PageContext):
    """The playground.

    Attributes:
        sandbox: The id of a sandbox that exists; empty: the page's module creates one.
        start: A program to start once the sandbox is there (from a link such as ``/play?start=echo_server``).
        hosts: Hosts to draw until the sandbox's own are known.
        key: What opens the sandbox to somebody who only watches; empty on its owner's page.
        watching: Whether the page may only look.
        kept_for: So long the recording of a sandbox is kept once it has ended, in words.
        source: Where the page's module gets a recording, if it shows one instead of a sandbox: an address,
            ``file`` (the visitor chooses one of their own), or ``page`` (the page holds it).
    """

    title: str = "Playground"
    sandbox: str = ""
    start: str = ""
    hosts: tuple[HostChoice, ...] = DEFAULT_HOSTS
    key: str = ""
    watching: bool = False
    kept_for: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingContext(PlayContext):
    """The playground's page with a recording in place of a sandbox.

    Attributes:
        downloads: What the addresses of its downloads begin with; empty: it has none.
        playground: Whether the page can lead to a playground: the same server has one.
        others: Recordings that the same server has: name and title.
        about: What is said of it besides, such as how long it is kept.
    """

    title: str = "Open a recording"
    hosts: tuple[HostChoice, ...] = ()
    source: str = "file"
    downloads: str = ""
    playground: bool = True
    others: tuple[tuple[str, str], ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemContext(PageContext):
    """An error, as a person sees it.

    Attributes:
        status: The HTTP status.
        detail: What was wrong this time.
        hint: What the person can do; empty if nothing.
    """

    status: int
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueContext(Context):
    """The panel that starts any program on any host.

    Attributes:
        hosts: Names of the sandbox's hosts.
        at: The host that is chosen.
        chosen: The name of the program whose form is shown; empty: any command.
        programs: The catalogue.
    """

    hosts: tuple[str, ...]
    at: str
    chosen: str
    programs: Mapping[str, Program]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsContext(Context):
    """The panel that changes a host, and adds one.

    Attributes:
        hosts: Names of the sandbox's hosts.
        parameters: Kernel parameter → what it is, and what it takes.
        following: A host that could be added: its name and its addresses.
    """

    hosts: tuple[str, ...]
    parameters: Mapping[str, Sysctl]
    following: HostChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineContext(Context):
    """The panel that says what this machine allows.

    Attributes:
        ready: Whether the main job can run.
        missing: What was tried and does not work here.
    """

    ready: bool
    missing: tuple[Check, ...] = ()

"""The hosts that a sandbox begins with: what may be asked for, and what there is if nobody asks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from server.errors import BadRequestError, ConflictError, LimitError
from server.sandbox.hosts import check_new
from server.sandbox.messages import HostSpec

MAX_ADDRESSES = 8
"""Addresses of one host."""

_HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


DEFAULT_HOSTS = (
    HostSpec(name="server", addresses=["10.0.0.4/24"]),
    HostSpec(name="client-a", addresses=["10.0.0.5/24"]),
    HostSpec(name="client-b", addresses=["10.0.0.6/24"]),
)
"""The hosts of a sandbox that asks for none."""


def checked_hosts(hosts: Sequence[HostSpec], most: int) -> list[HostSpec]:
    """The hosts as they will be built: each address with its prefix length.

    Raises:
        BadRequestError: A name or address is wrong or there twice, or there is no host.
        LimitError: There are too many.
    """
    if not hosts:
        raise BadRequestError("The list of hosts is empty.", "Leave hosts out to get three, or name at least one.")
    if len(hosts) > most:
        raise LimitError(f"{len(hosts)} hosts are asked for; a sandbox has at most {most}.", "Ask for fewer.")
    checked: list[HostSpec] = []
    for host in hosts:
        if not _HOST_NAME.fullmatch(host.name):
            raise BadRequestError(
                f"A host cannot be named {host.name[:40]!r}.",
                "A name is up to 32 small letters, digits and hyphens, and begins with a letter.",
            )
        if len(host.addresses) > MAX_ADDRESSES:
            raise BadRequestError(f"Host {host.name} has {len(host.addresses)} addresses.", f"{MAX_ADDRESSES} is most.")
        try:
            addresses = check_new(host.name, host.addresses, [(other.name, other.addresses) for other in checked])
        except ConflictError as error:  # not with what is there, but within one request
            raise BadRequestError(error.detail, error.hint) from None
        checked.append(HostSpec(name=host.name, addresses=list(addresses)))
    return checked

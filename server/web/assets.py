"""The script and the stylesheet of a page, each in one answer that a browser may cache without a limit.

Modules and stylesheets are written apart and read apart; a classroom's network would pay a request for each.
So a page names ``/assets/FINGERPRINT/app.js``: the modules as one script (``bundle.py``), the stylesheets one
behind the other, without comments and indentation, compressed once. The fingerprint is that of the content, so an
answer to it never changes, and a file that is edited has another address when the page is loaded again.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from server.errors import NotFoundError
from server.folders import folder
from server.web.bundle import BundleError, bundle

_FOUNDATION = ("tokens", "base")
_COMPONENTS = (
    "components/buttons",
    "components/forms",
    "components/pages",
    "components/programs",
    "components/events",
    "components/tables",
    "components/listings",
    "components/evidence",
    "components/dialogs",
    "components/yours",
    "components/presenter",
)
_STAGE = (
    "stage/frame",
    "stage/tabs",
    "stage/drawer",
    "stage/time",
    "stage/picture",
    "stage/ladder",
    "stage/projector",
    "stage/windows",
)
_LAB = (
    "lab/lesson",
    "lab/questions",
    "lab/actions",
    "lab/checks",
    "lab/summary",
    "lab/catalogue",
    "lab/reference",
    "lab/frame",
    "lab/projector",
)
SHEETS = {
    "site.css": (*_FOUNDATION, *_COMPONENTS, *_LAB),
    "home.css": (*_FOUNDATION, *_COMPONENTS, *_STAGE, *_LAB),
    "play.css": (*_FOUNDATION, *_COMPONENTS, *_STAGE, "recording"),
    "lab.css": (*_FOUNDATION, *_COMPONENTS, *_STAGE, "recording", *_LAB),
}
"""The stylesheets of each page: files below ``static/css``. In a layer, a later rule wins over an earlier one."""
_SCRIPTS = ("site.js", "home.js", "app.js", "lab.js", "presenter.js")
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_BESIDE = 'url("../'
"""What a stylesheet refers to, all of it in the folder above; only ``tokens`` refers to anything."""
_PASSED_OVER = re.compile(r"/\*.*?\*/\s*|^ +", re.DOTALL | re.MULTILINE)
"""What of a stylesheet is for its writers. None of ours has a comment's signs in a text."""
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of a page.

    Attributes:
        name: As in ``NAMES``.
        text: The script or the stylesheet.
        fingerprint: Of the text; in the address.
        packed: The text as gzip writes it.
    """

    name: str
    text: str
    fingerprint: str
    packed: bytes

    @property
    def address(self) -> str:
        """Where a page finds it."""
        return f"/assets/{self.fingerprint}/{self.name}"


NAMES = (*SHEETS, *_SCRIPTS)
"""The files that pages may name."""


def asset(name: str) -> Asset:
    """A file of a page as it is now.

    Raises:
        BundleError: There is no such file, or one that it is made of cannot be put in.
    """
    if name not in NAMES:
        raise BundleError(f"There is no {name!r}; there are {', '.join(NAMES)}.")
    home = folder("static") / Path(name).suffix.removeprefix(".")
    return _made(name, home, tuple(path.stat().st_mtime_ns for path in sorted(home.rglob("*"))))


def make_all() -> None:
    """Make the files of all pages, so that the first page does not wait for them."""
    for name in NAMES:
        asset(name)


def address_of(name: str) -> str:
    """Where a page finds one of ``NAMES``, as it is now."""
    return asset(name).address


def named(address: str) -> Asset:
    """The file that a page names by an address.

    Raises:
        BundleError: That is no address of ours.
    """
    way, _, name = address.removeprefix("/assets/").partition("/")
    if not (address.startswith("/assets/") and way):
        raise BundleError(f"The page refers to {address!r}, which is no file of ours.")
    return asset(name)


def routes() -> APIRouter:
    """The files, for browsers."""
    router = APIRouter(include_in_schema=False)

    @router.get("/assets/{fingerprint}/{name}")
    def file(request: Request, fingerprint: str, name: str) -> Response:
        if name not in NAMES:
            raise NotFoundError(f"There is no file {name[:80]!r}.")
        found = asset(name)
        # Who comes with an old address has a page of before: it gets what there is, and may not cache it.
        headers = {"cache-control": _FOREVER if fingerprint == found.fingerprint else "no-cache"}
        kind = _TYPES[Path(name).suffix]
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(found.text, media_type=kind, headers=headers)
        headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Response(found.packed, media_type=kind, headers=headers)

    return router


@lru_cache(maxsize=2 * len(NAMES))
def _made(name: str, home: Path, _stamps: tuple[int, ...]) -> Asset:
    """A file of what is in a folder; made again when a file there has another time."""
    if name in SHEETS:
        sheets = [(home / f"{sheet}.css").read_text("utf-8") for sheet in SHEETS[name]]
        text = _PASSED_OVER.sub("", "\n".join(sheets)).replace(_BESIDE, 'url("/static/')
    else:
        text = bundle(home / "page" / name, home.parent) + f'\n$["js/page/{name}"].start();\n'
    data = text.encode()
    return Asset(name, text, hashlib.sha256(data).hexdigest()[:12], gzip.compress(data, mtime=0))

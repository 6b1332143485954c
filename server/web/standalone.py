"""A recording as one HTML file that needs nothing else: no server, no network, no other file.

It is the page that shows recordings (``pages/recording.html``), with everything that it refers to put in
its place: stylesheet and fonts, the modules as one script (``assets.py``), the icons, and the recording
itself, compressed, as text that the script unpacks. Whatever the page comes to refer to, the file holds;
what cannot be held is refused here, and never asked for by who opens the file.

The file says itself, before anything else is read, that it may connect to nothing: its policy allows the
one script and the one stylesheet by their hashes, and data for fonts and pictures. So it is the same from
a disk, inside an iframe, and behind a policy of whoever embeds it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from server.folders import folder
from server.sessions.recording import Compressor, Header
from server.web.assets import named
from server.web.bundle import BundleError
from server.web.contexts import RecordingContext, Theme
from server.web.rendering import rendered

_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)[\"']?\s*\)")
_STATIC = "/static/"
_ICONS = f"{_STATIC}vendor/icons.svg"
_SERVED_ONLY = frozenset({f"{_STATIC}vendor/htmx.min.js"})
"""What only pages with a server behind them need."""
_TYPES = {".woff2": "font/woff2", ".svg": "image/svg+xml", ".png": "image/png"}
_ROOM = "<!-- recording -->"


class Standalone:
    """Writes the file, some of the log's lines at a time.

    Args:
        header: What the recording inside says of itself.
        title: The name of the page.
        theme: How it looks until its reader chooses.

    Raises:
        BundleError: The page refers to something that a file cannot hold.
    """

    def __init__(self, header: Header, title: str, theme: Theme = "auto") -> None:
        self._before, self._after = _page(title, theme).split(_ROOM)
        self._recording = Compressor(header)
        self._rest = bytearray()

    def begin(self) -> bytes:
        """What stands before the recording, and its first bytes."""
        return self._before.encode() + self._base64(self._recording.begin())

    def add(self, lines: Iterable[bytes]) -> bytes:
        """The log's next lines; what comes of them may come later."""
        return self._base64(self._recording.add(lines))

    def end(self) -> bytes:
        """The last bytes of the recording, and what stands behind it."""
        return self._base64(self._recording.end()) + base64.b64encode(self._rest) + self._after.encode()

    def _base64(self, data: bytes) -> bytes:
        """Bytes as base64: cut at multiples of three, the parts can stand one behind the other."""
        self._rest += data
        whole = len(self._rest) - len(self._rest) % 3
        text = base64.b64encode(self._rest[:whole])
        del self._rest[:whole]
        return text


def standalone(lines: Iterable[bytes], header: Header, title: str, theme: Theme = "auto") -> Iterator[bytes]:
    """The file, in pieces.

    Args:
        lines: The log's lines.
        header: What the recording inside says of itself.
        title: The name of the page.
        theme: How it looks until its reader chooses.

    Raises:
        BundleError: The page refers to something that a file cannot hold.
    """
    page = Standalone(header, title, theme)

    def pieces() -> Iterator[bytes]:
        yield page.begin()
        for line in lines:
            if piece := page.add((line,)):
                yield piece
        yield page.end()

    return pieces()


def _page(title: str, theme: Theme) -> str:
    """The page with everything inside but the recording, whose room is marked."""
    page = _Page(folder("static").resolve())
    context = RecordingContext(title=title, theme=theme, source="page", playground=False)
    page.feed(rendered("pages/recording.html", context))
    page.close()
    return page.text()


class _Page(HTMLParser):
    """Passes a page on as it is written, but for what refers to something outside."""

    def __init__(self, static: Path) -> None:
        super().__init__(convert_charrefs=False)
        self._static = static
        self._out: list[str] = []
        self._policy_at = 0
        self._styles: list[str] = []
        self._scripts: list[str] = []
        self._style = ""
        self._script = ""

    def text(self) -> str:
        """The whole page."""
        policy = "; ".join(
            (
                "default-src 'none'",
                f"script-src '{_hash(self._script)}'",
                f"style-src '{_hash(self._style)}'",
                "font-src data:",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        )
        self._out[self._policy_at] = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        return "".join(self._out)

    # What HTMLParser calls

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        raw = self.get_starttag_text() or ""
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "html":
                self._out.append(raw.replace("<html", "<html data-standalone", 1))
            case "meta":
                self._meta(raw, given)
            case "link":
                self._link(given)
            case "script":
                self._take_script(given)
            case "use":
                self._out.append(raw.replace(f"{_ICONS}#", "#"))
            case "a" if given.get("href", "").startswith("/"):
                # There is no such page beside a file: what led there is a plain word now.
                self._out.append(f'<a class="{html.escape(given.get("class", ""))}">')
            case _:
                self._out.append(raw)
        if tag == "body":
            self._out.append(f'<svg hidden aria-hidden="true">{_inside(self._read(_ICONS).decode())}</svg>')
        if tag not in ("link", "script", "meta"):
            self._check(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """An element ends; before the end of the head and of the body, what they refer to goes in."""
        if tag == "script":
            return
        if tag == "head":
            self._style = "\n".join(self._styles)
            self._out.append(_element("style", "", self._style))
        if tag == "body":
            self._script = "\n".join(self._scripts)
            self._out.append(_element("script", ' type="application/gzip" data-held', _ROOM))
            self._out.append(_element("script", ' type="module"', self._script))
        self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Text."""
        self._out.append(data)

    def handle_entityref(self, name: str) -> None:
        """A character by name."""
        self._out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """A character by number."""
        self._out.append(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        """The doctype."""
        self._out.append(f"<!{decl}>")

    # What refers to something

    def _meta(self, raw: str, given: dict[str, str]) -> None:
        if given.get("name") == "htmx-config":
            return
        self._out.append('<meta name="icons" content="">' if given.get("name") == "icons" else raw)
        if "charset" in given:
            self._policy_at = len(self._out)
            self._out.append("")

    def _link(self, given: dict[str, str]) -> None:
        match given.get("rel"):
            case "stylesheet":
                self._styles.append(self._stylesheet(given["href"]))
            case "icon":
                self._out.append(f'<link rel="icon" href="{self._data(given["href"])}">')
            case "preload":
                pass
            case other:
                raise BundleError(f"The page has a link {other!r}, which a file cannot hold.")

    def _take_script(self, given: dict[str, str]) -> None:
        source = given.get("src", "")
        if given.get("type") == "module":
            self._scripts.append(named(source).text)
        elif source not in _SERVED_ONLY:
            raise BundleError(f"The page has a script {source!r}, which is no module.")

    def _stylesheet(self, address: str) -> str:
        def held(match: re.Match[str]) -> str:
            return match[0] if match[1].startswith(("data:", "#")) else f'url("{self._data(match[1])}")'

        text = named(address).text
        if "@import" in text:
            raise BundleError(f"{address} imports another stylesheet, which a file cannot hold.")
        return _URL.sub(held, text)

    def _check(self, tag: str, given: dict[str, str]) -> None:
        for name, value in given.items():
            local = value.startswith("/") and not (tag == "a" or value.startswith(f"{_ICONS}#"))
            if name in ("src", "href", "srcset", "action", "data", "poster", "style") and (local or "//" in value):
                raise BundleError(f"The page refers to {value!r} in <{tag} {name}>, which a file cannot hold.")
            if name.startswith("hx-") or (name.startswith("on") and value):
                raise BundleError(f"The page has <{tag} {name}>, which needs a server or an inline script.")

    def _data(self, address: str) -> str:
        kind = _TYPES.get(Path(address).suffix)
        if kind is None:
            raise BundleError(f"{address} is of no type that a file can hold.")
        return f"data:{kind};base64,{base64.b64encode(self._read(address)).decode()}"

    def _read(self, address: str) -> bytes:
        return self._file(address).read_bytes()

    def _file(self, address: str) -> Path:
        path = (self._static / address.removeprefix(_STATIC)).resolve()
        if not address.startswith(_STATIC) or not path.is_relative_to(self._static) or not path.is_file():
            raise BundleError(f"The page refers to {address!r}, which is no file of ours.")
        return path


def _element(tag: str, attributes: str, text: str) -> str:
    """An element whose text is no markup; it must not hold what would end it."""
    if re.search(rf"</{tag}|<!--", text.replace(_ROOM, ""), re.IGNORECASE):
        raise BundleError(f"Something inside <{tag}> would end it.")
    return f"<{tag}{attributes}>{text}</{tag}>\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _inside(svg: str) -> str:
    """What stands between an SVG file's outer tags."""
    return svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]

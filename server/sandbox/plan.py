"""The root that programs see, as a list of steps that can be described before they are executed.

Two plans. The *skeleton* is built once by the zygote, in its own mount namespace: the machine's programs
and libraries, read-only, and a few small files of ours. The *sandbox's own* plan is executed by each
sandbox on its copy of the skeleton: what can be written (one tmpfs of limited size, shown in several
places), and a /proc of its own. Both vanish with the last process of their namespace.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.errors import KernelRefusedError
from server.linux import mounts
from server.linux.mounts import MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY
from server.sandbox.confinement import Limits

LEARNER = 1000
"""The only uid and gid that exist in a sandbox."""
HOME = "/home/learner"
WORKING_DIRECTORY = "/labs/programs"
HOSTS_FILE = "/etc/hosts"

# --- the kinds of steps -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Directory:
    """A folder, and those above it."""

    path: str
    mode: int = 0o755

    def describe(self) -> str:
        """What will be done, in one line."""
        return f"make the folder {self.path}"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        os.makedirs(root + self.path, exist_ok=True)
        os.chmod(root + self.path, self.mode)


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    path: str
    target: str

    def describe(self) -> str:
        """What will be done, in one line."""
        return f"link {self.path} to {self.target}"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        os.symlink(self.target, root + self.path)


@dataclass(frozen=True, slots=True)
class Text:
    """A file with these contents."""

    path: str
    content: bytes

    def describe(self) -> str:
        """What will be done, in one line."""
        return f"write {self.path} ({len(self.content)} bytes)"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        Path(root + self.path).write_bytes(self.content)


@dataclass(frozen=True, slots=True)
class Bind:
    """Something of the machine (or, with ``inner``, of the sandbox itself) shown at a place of the root."""

    source: str
    path: str
    attributes: int = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
    inner: bool = False

    def describe(self) -> str:
        """What will be done, in one line."""
        how = "read-only " if self.attributes & MOUNT_ATTR_RDONLY else ""
        return f"show {self.source} {how}at {self.path}"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        source, target = root + self.source if self.inner else self.source, root + self.path
        if not os.path.lexists(target):
            if stat.S_ISDIR(os.stat(source).st_mode):
                os.makedirs(target)
            else:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC, 0o644))
        mounts.bind(source, target)
        if self.attributes:
            mounts.restrict(target, self.attributes)


@dataclass(frozen=True, slots=True)
class Tmpfs:
    """An empty file system in memory, of limited size."""

    path: str
    size: int
    files: int

    def describe(self) -> str:
        """What will be done, in one line."""
        return f"mount {self.size >> 10} KiB of memory for {self.files} files at {self.path}"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        options = f"size={self.size},nr_inodes={self.files},mode=0755"
        mounts.mount("tmpfs", root + self.path, "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, options)


@dataclass(frozen=True, slots=True)
class Proc:
    """The /proc of the pid namespace."""

    path: str = "/proc"

    def describe(self) -> str:
        """What will be done, in one line."""
        return f"mount {self.path}, where only the sandbox's processes are"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        flags = mounts.MS_NOSUID | mounts.MS_NODEV | mounts.MS_NOEXEC
        mounts.mount("proc", root + self.path, "proc", flags)


@dataclass(frozen=True, slots=True)
class Terminals:
    """Pseudo-terminals of the sandbox's own (pts(4)): programs write to one, line by line, as on a person's screen."""

    path: str = "/dev/pts"
    most: int = 1024

    def describe(self) -> str:
        """What will be done, in one line."""
        return f"mount at most {self.most} terminals at {self.path}"

    def execute(self, root: str) -> None:
        """Do it below ``root``."""
        options = f"newinstance,ptmxmode=0666,mode=0620,max={self.most}"
        mounts.mount("devpts", root + self.path, "devpts", mounts.MS_NOSUID | mounts.MS_NOEXEC, options)


Step = Directory | Link | Text | Bind | Tmpfs | Proc | Terminals


def describe(steps: Sequence[Step]) -> list[str]:
    """A plan in words."""
    return [step.describe() for step in steps]


def execute(steps: Sequence[Step], root: str) -> None:
    """Execute a plan below ``root``.

    Raises:
        KernelRefusedError: A step failed; it says which.
    """
    for step in steps:
        try:
            step.execute(root)
        except OSError as error:
            hint = "Run 'socketlab doctor': it tries each thing that a sandbox needs."
            raise KernelRefusedError(f"A step failed: {step.describe()}: {error}.", hint) from error


# --- the skeleton -----------------------------------------------------------------------------

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_ETC_COPIED = ("services", "protocols", "mime.types", "ld.so.cache", "localtime")
_ETC_SHOWN = ("alternatives", "nginx")
_ETC: dict[str, str] = {
    "passwd": "root:x:0:0:root:/:/usr/sbin/nologin\n"
    f"learner:x:{LEARNER}:{LEARNER}:Learner:{HOME}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "group": f"root:x:0:\nlearner:x:{LEARNER}:\nnogroup:x:65534:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
    "host.conf": "multi on\n",  # or a name would have one address, the first in /etc/hosts
    "resolv.conf": "",
    "hosts": "",
}
_STORE = "/tmp"
_WRITABLE = {_STORE: "tmp", HOME: "home", "/run": "run", "/var/tmp": "var-tmp", "/dev/shm": "shm"}
_DAEMONS = ("nginx", "redis")
_LOCALHOST = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"


def labs_folder() -> str:
    """Our labs: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "labs"
    return str(inside if inside.is_dir() else package.parent / "labs")


def python_prefix() -> str:
    """Where the interpreter that runs us is installed; a virtual environment has its own folder but not its own."""
    return os.path.abspath(sys.base_prefix)


def search_path() -> str:
    """The PATH of programs: our own Python first, so that ``python3`` is the one that we run on."""
    places = [f"{python_prefix()}/bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    return ":".join(dict.fromkeys(places))


def skeleton_steps(labs: str) -> list[Step]:
    """The plan of the read-only root for this machine; ``labs`` is the folder to show at /labs."""
    steps: list[Step] = []
    for path in _SYSTEM:
        if os.path.islink(path):
            steps.append(Link(path, os.readlink(path)))
        elif os.path.isdir(path):
            steps.append(Bind(path, path))
    steps += _python_steps() + _labs_steps(labs) + _etc_steps() + _dev_steps()
    steps += [Directory(path) for path in (*_WRITABLE, "/proc", "/var/log", "/var/lib")]
    return steps


def _python_steps() -> list[Step]:
    prefix = python_prefix()
    if prefix.startswith("/nix/"):
        prefix = "/nix/store"  # there, every program needs its neighbours
    if any(prefix == path or prefix.startswith(path + "/") for path in _SYSTEM):
        return []
    return [Bind(prefix, prefix)]


def _labs_steps(labs: str) -> list[Step]:
    """The labs; if they are somebody's own, our programs stand beside them all the same."""
    ours = labs_folder()
    if os.path.isdir(f"{labs}/programs"):
        return [Bind(labs, "/labs")]
    own = [Bind(entry.path, f"/labs/{entry.name}") for entry in sorted(os.scandir(labs), key=lambda e: e.name)]
    return [*own, Bind(f"{ours}/programs", WORKING_DIRECTORY)]


def _etc_steps() -> list[Step]:
    steps: list[Step] = [Directory("/etc")]
    steps += [Text(f"/etc/{name}", content.encode()) for name, content in _ETC.items()]
    for name in _ETC_COPIED:
        file = Path("/etc", name)
        if file.is_file() and os.access(file, os.R_OK):
            steps.append(Text(f"/etc/{name}", file.read_bytes()))
    steps += [Bind(f"/etc/{name}", f"/etc/{name}") for name in _ETC_SHOWN if os.path.isdir(f"/etc/{name}")]
    return steps


def _dev_steps() -> list[Step]:
    # Without nodev, which would make them useless.
    attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC
    steps: list[Step] = [Directory("/dev/pts")]
    steps += [Bind(f"/dev/{name}", f"/dev/{name}", attributes) for name in _DEVICES]
    steps += [Link(f"/dev/{name}", target) for name, target in _DEVICE_LINKS.items()]
    return steps


def build_skeleton(labs: str) -> str:
    """Build the read-only root in the calling process's own mount namespace and return where it is.

    The place is a folder of the machine that this process needs no more; only its own namespace sees the change.
    """
    if python_prefix().startswith(_STORE + "/"):
        raise KernelRefusedError(
            f"The Python that runs Socketlab is installed below {_STORE}, which each sandbox has for itself.",
            "Run Socketlab with a Python that is installed elsewhere.",
        )
    steps = skeleton_steps(labs)
    needed = [str(Path(__file__).resolve()), sys.prefix, *(step.source for step in steps if isinstance(step, Bind))]
    root = _place(needed)
    mounts.mount("tmpfs", root, "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, "size=4m,mode=0755")
    old_mask = os.umask(0o022)
    try:
        execute(steps, root)
    finally:
        os.umask(old_mask)
    mounts.restrict(root, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID)
    return root


def _place(needed: Sequence[str]) -> str:
    for place in ("/tmp", "/mnt", "/media", "/srv", "/run", "/sys"):
        if os.path.isdir(place) and not any(os.path.realpath(path).startswith(place + "/") for path in needed):
            return place
    raise KernelRefusedError("There is no folder that could carry the root of the sandboxes.", "Make a folder /mnt.")


# --- the sandbox's own ------------------------------------------------------------------------


def sandbox_steps(limits: Limits) -> list[Step]:
    """The plan of what one sandbox has for itself, on top of the skeleton."""
    folders = [*_WRITABLE.values(), "log", "lib"]
    steps: list[Step] = [
        Tmpfs(_STORE, limits.file_bytes, max(256, limits.file_bytes >> 12)),
        *(Directory(f"{_STORE}/{name}", 0o1777 if name in ("tmp", "var-tmp", "shm") else 0o755) for name in folders),
        *(Directory(f"{_STORE}/{folder}/{name}") for folder in ("log", "lib") for name in _DAEMONS),
        Text(f"{_STORE}/hosts", _LOCALHOST.encode()),
        Proc(),
        Terminals(),
    ]
    shown = {path: name for path, name in _WRITABLE.items() if path != _STORE}
    shown |= {"/var/log": "log", "/var/lib": "lib"}
    prefix = python_prefix()
    for path, name in shown.items():
        if prefix.startswith(path + "/"):  # of a person who is called "learner" too: keep it in sight
            steps.append(Bind(prefix, f"{_STORE}/{name}{prefix.removeprefix(path)}", attributes=0, inner=True))
        steps.append(Bind(f"{_STORE}/{name}", path, attributes=0, inner=True))
    steps.append(Bind(f"{_STORE}/hosts", HOSTS_FILE, MOUNT_ATTR_RDONLY, inner=True))
    return steps


def enter_root(skeleton: str, limits: Limits) -> int:
    """Put the calling process, pid 1 of fresh namespaces, into a root of its own.

    Returns:
        An fd that appends to the sandbox's /etc/hosts, which programs can only read.
    """
    mounts.bind(skeleton, skeleton)
    execute(sandbox_steps(limits), skeleton)
    # Opened where it is writable, before the tmpfs's own root disappears behind its folder "tmp".
    names = os.open(f"{skeleton}{_STORE}/hosts", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    Bind(f"{_STORE}/tmp", _STORE, attributes=0, inner=True).execute(skeleton)
    mounts.enter_root(skeleton)
    return names

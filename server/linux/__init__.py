"""What Socketlab asks of Linux, in the kernel's own names: the only package that knows ctypes.

Wrappers of three lines; every failure is a ``calls.CallError`` with the call's and the errno's name.

* ``calls``: the one place where a call fails.
* ``namespaces``, ``mounts``: unshare, setns; mount, mount_setattr, pivot_root, umount2.
* ``capabilities``, ``process``: capset, securebits, ambient set; prctl, close_range.
* ``seccomp``: a BPF program from a table, and its installation.
* ``netlink``, ``ethtool``, ``packet_socket``: links, addresses, dumps; offloads off; frames of an interface.
* ``ptrace``, ``pidfd``: stops of traced threads; their file descriptors.
* ``interpreter``: where CPython keeps in memory which statement runs.
"""

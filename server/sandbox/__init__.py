"""One sandbox: its isolation and everything that runs in its own process, pid 1 of its pid namespace.

* ``zygote``: the pre-loaded parent. Requests for sandboxes in, forked sandboxes and news of their end out.
* ``plan``: the read-only root and the sandbox's own mounts, as a list of steps.
* ``hosts``, ``sysctls``: network namespaces, veth pairs, addresses; kernel parameters that may be set.
* ``confinement``, ``spawn``: what a program may do; the steps from ``fork`` to its ``execve``.
* ``tracer``, ``wire``, ``table``: the observers: facts of stopped threads, frames, and rows of the socket table.
  ``descriptors`` and ``sources`` are what the tracer knows of a process: its table of file descriptors, and the
  statement that makes a call. ``owners`` says who has which socket, ``unlisted`` describes those in no table.
* ``programs``: starts programs, writes to their input and reads their output.
* ``doer``: asks ``server/deciders`` what to do with each fact, and does it. ``door``: the same for commands.
* ``loop``: the order of a turn, with ``watch`` (epoll), ``journal`` (order, ``seq``) and ``channel`` (to the server).
* ``messages``: what the server, the zygote and a sandbox say to each other.
* ``machine``: tries what this machine allows. ``trial``: a program in a sandbox, from the zygote to its exit.
"""

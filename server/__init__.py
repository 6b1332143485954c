"""Socketlab: ports, sockets and connections, shown from the kernel's own evidence.

A module imports only from the layers below it (``lint-imports`` enforces it):

* ``errors``, then ``events`` and ``commands``: the vocabulary that everything else uses.
* ``inet``: pure decoders of what the kernel returns (addresses, packets, sock_diag, system calls).
* ``state`` and ``deciders``: pure decisions over that vocabulary.
* ``linux``: the only ctypes; thin wrappers with the kernel's names.
* ``sandbox``: one sandbox's own process: isolation, tracer, wire, socket table, loop.
* ``lessons``: labs as values, their checks, and the player that carries them out.
* ``sessions``: logs, viewers, the door for commands, the clients of the sandbox processes.
* ``web`` and ``cli``: the two user interfaces.
"""

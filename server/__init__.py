"""Socketlab: ports, sockets and connections, shown from the kernel's own evidence.

A module imports only from the floors below it (``lint-imports`` enforces it):

* ``errors``, then ``events`` and ``commands``: the vocabulary that everything else speaks.
* ``inet``: pure decoders of what the kernel hands out (addresses, packets, sock_diag, system calls).
* ``state`` and ``conductor``: pure decisions over that vocabulary.
* ``linux``: the only ctypes; thin wrappers with the kernel's names.
* ``sandbox``: one sandbox's own process: cage, tracer, wire, socket table, loop.
* ``lessons``: labs as values, their checks, and the player that carries them out.
* ``sessions``: logs, viewers, the door for commands, the clients of the sandbox processes.
* ``web`` and ``cli``: the two ways in.
"""

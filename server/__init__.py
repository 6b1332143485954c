"""Socketlab: ports, sockets and connections, shown from the kernel's own evidence.

A module imports only from the layers below it (``lint-imports`` enforces it). From the bottom to the top:

* ``json_value`` and ``errors``: what can be written as JSON, and every error that a person can see.
* ``events`` and ``commands``: the vocabulary of a sandbox that everything else uses.
* ``lab_events`` and ``lab_acts``: the same for a lab run.
* ``catalogue``: the table of the programs that can be started by name.
* ``inet``: pure decoders of what the kernel returns (addresses, packets, sock_diag, system calls).
* ``shapes``: the types of the state. ``state`` folds events into it.
* ``deciders``: pure decisions over the vocabulary.
* ``story``: a log, cut into beats and scenes for people. Pure.
* ``linux``: the only ctypes; thin wrappers with the kernel's names.
* ``sandbox``: one sandbox's own process: isolation, tracer, wire, socket table, loop.
* ``lessons``: labs as values, their checks, and the player that carries them out.
* ``sessions``: logs, viewers, the door for commands, the clients of the sandbox processes.
* ``progress``: what learners have done, kept in a database.
* ``courses``: lab runs: what is decided in each, and who carries it out.
* ``web`` and ``cli``: the two user interfaces.

``folders`` says where the files are that travel with the program: templates, scripts and labs.
"""

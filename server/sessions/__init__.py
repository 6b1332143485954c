"""Sessions: what stands between the sandboxes and the people who watch and steer them.

* ``limits``: one table of what one server, visitor, address and sandbox may use.
* ``log``: one sandbox's append-only log: encoded lines in, reads by cursor, the folded state.
* ``viewers``: batches of log lines, encoded once and shared by all viewers at the same place.
* ``sandboxes``: the clients of the zygote and of each sandbox's own process.
* ``door``: the one way in: who may do what, commands checked and sent on, idle sandboxes ended.
* ``client``: one sandbox for who holds only its id.
* ``recording``: a log as a file, and back. ``shelf``: the recordings of a folder.
* ``capabilities``: what this machine allows.
* ``capture``: a log as pcapng.

In come log lines and replies of sandbox processes, and commands of people; out go log lines,
batches, results and refusals. All of it speaks messages with a sandbox's id, never objects of a
sandbox's process, so that a sandbox may live on another machine later. Nothing here knows HTTP.
"""

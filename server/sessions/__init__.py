"""Sessions: what stands between the sandboxes and the people who watch and steer them.

* ``limits``: one table of what one server, visitor, address and sandbox may use.
* ``log``: one sandbox's append-only log: encoded lines in, reads by cursor, the folded state.
* ``viewers``: batches of log lines, encoded once and shared by all viewers at the same place.
* ``watch_keys``: the key that opens one log to whoever may only look, and can be taken back.
* ``channel``: the line protocol of one sandbox's process. ``sandbox``: the client of that process.
  ``zygote``: the client of the process that makes them.
* ``hosts``: what hosts a sandbox may begin with.
* ``door``: the one way in, by id: who may do what, commands sent on, logs read, idle sandboxes ended.
* ``client``: one sandbox for who holds only its id.
* ``recording``: a log as a file, and back. ``recorded_logs``: several logs as one file, and back.
  ``shelf``: the recordings of a folder.
* ``capabilities``: what this machine allows.
* ``capture``: a log as pcapng.

In come log lines and replies of sandbox processes, and commands of people; out go log lines,
batches, results and refusals. What stands above goes through the door with a sandbox's id
and gets values, never an object of a sandbox or its log, so that both may live on another machine.
Nothing here knows HTTP, nor cookies.
"""

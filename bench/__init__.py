"""Measurements, each against a peer in the same run: ``python -m bench [ROW …] [--quick]``.

* One module per row of the table: ``create``, ``echo``, ``latency``, ``ten_thousand``, ``viewers``,
  ``table``, ``idle``. Each has ``TITLE`` and ``async run(quick)``, and gives back a ``measure.Report``.
* ``measure``: medians, spreads, interleaved rounds, the table that is printed.
* ``serving``: the real ``socketlab serve`` as a child process, its HTTP door, and one viewer.
* ``processes``: children that never outlive the bench, and what ``/proc`` says about them.
* ``follow``, ``crowd``, ``watched``, ``broadcast``, ``rows``: processes that a row starts.
* ``programs/``: the ordinary programs that are measured; the sandboxes see this folder as ``/labs``.

Timings are never a pass or a fail: the exit code is 0 when everything could be measured. All load stays on
loopback and in namespaces made here. How to read the numbers: ``docs/benchmarks.md``.
"""

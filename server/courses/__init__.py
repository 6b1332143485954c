"""Lab runs: one person's way through a lab, as a log.

* ``shapes`` and ``state``: what a run is after an event; ``fold`` of ``server/lab_events.py``.
* ``looking``: what checks say, what is measured. ``acts`` and ``decide``: what follows from an act or a report.
* ``reports``: the vocabulary between decider and doer. ``notes``: what a run says about its learner. All are pure.
* ``runner``: carries one run out. ``courses``: all runs of a server, by id. ``recording``: a run as a file.
* ``diligent``: what somebody does who works through a lab from the first step to the last.
* ``library``: the labs of a folder as they are now.

In come acts (``server/lab_acts.py``) and the events of sandboxes; out go lab events, and commands to sandboxes. Nothing
here knows HTTP.
"""

"""What learners have done, kept beyond their browser and beyond this server's life.

* ``notes``: the values: visits to labs, answers, finished steps. Pure.
* ``tables``: the same as tables; ``migrations`` makes them and changes them from one version to the next.
* ``store``: values ↔ a database (SQLite in a file, or PostgreSQL), which may fail.
* ``notebook``: the store for a lab: it never fails and never blocks, and says when nothing can be kept.
* ``archive``: the logs of lab runs, kept likewise.

A learner is a random name in a cookie, and nothing else is known of them. In come notes and lines, out come
notes and lines; nothing here knows HTTP, or what a lab is.
"""

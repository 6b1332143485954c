"""How a database comes from one version of the tables to the next: one file in ``versions`` for each change.

Alembic runs ``env``, which runs what is missing. A new one is written by hand after its predecessor: a number, the
number before it, and what to do both ways; ``tests/unit/progress/test_store.py`` says whether it leads to the tables.
"""

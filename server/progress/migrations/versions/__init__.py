"""The versions of the tables, oldest first: ``v0001_learners``, ``v0002_runs``."""

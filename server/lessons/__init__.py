"""Guided labs: from a readable file to a lesson that checks itself on the real kernel.

* ``keywords``, ``fields``: the tables: what a lab may say, what a condition may ask.
* ``source``, ``markdown``: text with its lines. ``conditions``, ``actions``, ``blocks``, ``loader``: text → ``model``
  and, where something is asked, ``query``. ``kept``: the labs that recordings hold.
* ``reference``: the glossary, the misconceptions and the analogies, which stand beside the labs as files.
* ``record``, ``checks``: a log and a condition → whether it holds, and the rows that prove it. Pure.
* ``words``: actions and rows as a person reads them; ``saying``: conditions.
* ``commandline``: what a command line of a lab means. ``translation``: the same lab in another language.
* ``play``: carries out a step's actions on a stage (any sandbox), waits, measures.
* ``proof``: plays a whole lab and says what is not as it should be; ``alone`` runs its programs without a sandbox.

In come the files of a folder and the events of a log; out go commands, verdicts and problems. Nothing here knows
HTTP, or how a sandbox is made.
"""

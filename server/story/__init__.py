"""The story of a sandbox: its log, cut into beats and scenes for people. Pure; no kernel, no clock, no page.

``rules`` is the table that says what is told, ``predicates`` what it asks, ``sentences`` has the words and ``slots``
what they name, ``names`` what a program is called, ``told`` is what is known so far, ``beats`` goes through a log.
``static/js/story/`` is the same in the browser, with the table and the words made from these
(docs/decisions/08-beats.md).
"""

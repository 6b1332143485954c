"""What is decided in a sandbox, as values in and values out: no process, socket, clock or dice is known here.

* ``conductor``: who may go on, and when. Moments in, holds and releases out.
* ``switch``: what becomes of each packet. Frames and commands in, events and deliveries out. ``rules`` are what a
  person wants held or dropped, ``repeats`` says which packet a retransmission repeats.
* ``tracees``: what becomes of each stop of a traced thread. Facts of stops in, events and resumptions out.
  ``tracee`` is what is known of one process, and the steps that can be taken with it.
* ``sleepers``: when a thread is looked at that has not come back from its call. Calls in, looks and what was seen out.
* ``patience``: how often the kernels of hosts repeat before they give up. Holds in, kernel parameters out.

Facts come in with their time (ns) and their random numbers; what is to be done goes out as a list of steps, which
``sandbox/doer.py`` takes in their order. A step that is an event is logged. ``tests/playbooks`` tells how they answer.
"""

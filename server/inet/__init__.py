"""Pure decoders of what the kernel hands out: bytes and numbers in, plain values out.

* ``names``: numbers to the kernel's and the RFCs' names: errnos, flags, options, TCP states.
* ``addresses``: sockaddr bytes to ``"10.0.0.4:7"``, and back.
* ``packets``: a frame from the wire to its header fields (RFC 791, 8200, 9293, 768, 792, 4443).
* ``sockdiag``: sock_diag(7): requests out, dump bytes to rows of the socket table.
* ``syscalls``: the table of traced system calls, a row for each: argument registers and memory to named arguments,
  and what is known of the call beforehand; ``call_row`` explains the columns. Its decoders live beside it:
  ``arguments`` (registers, buffers, addresses), ``socket_calls`` and ``socket_options``, ``transfer_calls``,
  ``waiting_calls``, ``descriptor_calls``; the numbers in ``syscall_numbers``.

Nothing here opens, asks or waits, and nothing raises on garbage: what cannot be read is said to be unreadable.
"""

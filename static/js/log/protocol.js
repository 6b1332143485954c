// The events' types, for the checker and for readers. Made by docs/protocol_js.py from server/events.py.
// A field with a question mark is left out of the JSON while it holds its default.

/**
 * One file descriptor that names a socket.
 *
 * @typedef {object} Owner
 * @property {number} pid
 * @property {number} fd
 */

/**
 * A socket's pending kernel timer. ``expires_t`` is on the log's clock (ns); ``retransmits`` counts so far.
 *
 * @typedef {object} Timer
 * @property {"retransmit" | "keepalive" | "time-wait" | "zero-window-probe"} name
 * @property {number} expires_t
 * @property {number} retransmits
 */

/**
 * A kernel parameter of a host that is not what the kernel gave its namespace: ``default``.
 *
 * @typedef {object} Parameter
 * @property {string} name
 * @property {string} value
 * @property {string} default
 * @property {string} why
 */

/**
 * A host (one network namespace) exists; its addresses are up.
 *
 * @typedef {object} HostAdded
 * @property {"host.added"} type
 * @property {string} host
 * @property {string[]} addresses
 * @property {Parameter[] | null} [differs]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A process runs on a host: started by a command, or forked by ``parent``.
 *
 * @typedef {object} ProcessStarted
 * @property {"process.started"} type
 * @property {string} host
 * @property {number} pid
 * @property {string} program
 * @property {string[]} argv
 * @property {number | null} [parent]
 * @property {"user" | "admin"} [credentials]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A process replaced its program by another one: execve(2).
 *
 * @typedef {object} ProcessExecuted
 * @property {"process.executed"} type
 * @property {number} pid
 * @property {string} program
 * @property {string[]} argv
 * @property {number} seq
 * @property {number} t
 */

/**
 * A program that was started, or a child that has its terminal too, wrote to standard output or standard error.
 *
 * @typedef {object} ProcessOutput
 * @property {"process.output"} type
 * @property {number} pid
 * @property {"stdout" | "stderr"} stream
 * @property {string} text
 * @property {number} seq
 * @property {number} t
 */

/**
 * A process ended: with an exit ``code``, or by a ``signal`` (its name, such as ``SIGKILL``).
 *
 * @typedef {object} ProcessExited
 * @property {"process.exited"} type
 * @property {number} pid
 * @property {number | null} [code]
 * @property {string | null} [signal]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A thread is about to enter a system call; the kernel has not begun it.
 *
 * @typedef {object} SyscallEntered
 * @property {"syscall.entered"} type
 * @property {number} call
 * @property {number} pid
 * @property {number} tid
 * @property {string} host
 * @property {string} name
 * @property {Record<string, any>} args
 * @property {string | null} [file]
 * @property {number | null} [line]
 * @property {number} seq
 * @property {number} t
 */

/**
 * The kernel has put a thread to sleep inside its call: ``/proc/TID/stat`` says S. Now the call waits.
 *
 * @typedef {object} SyscallBlocked
 * @property {"syscall.blocked"} type
 * @property {number} call
 * @property {number} pid
 * @property {number} tid
 * @property {number} seq
 * @property {number} t
 */

/**
 * A system call came back: ``result``, or ``error`` (the errno's name), and what it wrote out.
 *
 * @typedef {object} SyscallReturned
 * @property {"syscall.returned"} type
 * @property {number} call
 * @property {number} pid
 * @property {number} tid
 * @property {number | null} [result]
 * @property {string | null} [error]
 * @property {number | null} [new_fd]
 * @property {string | null} [address]
 * @property {number | null} [bytes]
 * @property {string | null} [data]
 * @property {Record<string, any> | null} [values]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A number in a process's file descriptor table now points to something.
 *
 * @typedef {object} FdOpened
 * @property {"fd.opened"} type
 * @property {number} pid
 * @property {number} fd
 * @property {"socket" | "pipe" | "file" | "epoll" | "eventfd" | "other"} kind
 * @property {string | null} [socket]
 * @property {string | null} [path]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A number in a process's file descriptor table is free again.
 *
 * @typedef {object} FdClosed
 * @property {"fd.closed"} type
 * @property {number} pid
 * @property {number} fd
 * @property {"socket" | "pipe" | "file" | "epoll" | "eventfd" | "other"} kind
 * @property {string | null} [socket]
 * @property {number} seq
 * @property {number} t
 */

/**
 * The kernel has a socket that was not there before.
 *
 * @typedef {object} SocketAppeared
 * @property {"socket.appeared"} type
 * @property {string} host
 * @property {string} socket
 * @property {"inet" | "inet6" | "unix"} family
 * @property {"tcp" | "udp" | "unix"} protocol
 * @property {string} state
 * @property {string} local
 * @property {string} remote
 * @property {number} inode
 * @property {number} recv_queue
 * @property {number} send_queue
 * @property {Owner[]} owners
 * @property {Timer | null} [timer]
 * @property {number | null} [uid]
 * @property {string | null} [peer]
 * @property {boolean | null} [v6only]
 * @property {"sock_diag" | "getsockopt"} [source]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A row of the kernel's socket table is not as it was.
 *
 * @typedef {object} SocketChanged
 * @property {"socket.changed"} type
 * @property {string} host
 * @property {string} socket
 * @property {"inet" | "inet6" | "unix"} family
 * @property {"tcp" | "udp" | "unix"} protocol
 * @property {string} state
 * @property {string} local
 * @property {string} remote
 * @property {number} inode
 * @property {number} recv_queue
 * @property {number} send_queue
 * @property {Owner[]} owners
 * @property {Timer | null} [timer]
 * @property {number | null} [uid]
 * @property {string | null} [peer]
 * @property {boolean | null} [v6only]
 * @property {"sock_diag" | "getsockopt"} [source]
 * @property {number} seq
 * @property {number} t
 */

/**
 * The kernel has this socket no longer; the fields are its last row.
 *
 * @typedef {object} SocketVanished
 * @property {"socket.vanished"} type
 * @property {string} host
 * @property {string} socket
 * @property {"inet" | "inet6" | "unix"} family
 * @property {"tcp" | "udp" | "unix"} protocol
 * @property {string} state
 * @property {string} local
 * @property {string} remote
 * @property {number} inode
 * @property {number} recv_queue
 * @property {number} send_queue
 * @property {Owner[]} owners
 * @property {Timer | null} [timer]
 * @property {number | null} [uid]
 * @property {string | null} [peer]
 * @property {boolean | null} [v6only]
 * @property {"sock_diag" | "getsockopt"} [source]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A host put a packet on the wire (or on its own loopback, which can be seen but not held).
 *
 * @typedef {object} PacketSent
 * @property {"packet.sent"} type
 * @property {number} packet
 * @property {string} source_host
 * @property {string | null} target_host
 * @property {"tcp" | "udp" | "unix" | "icmp" | "icmp6" | "arp" | "other"} protocol
 * @property {string} source
 * @property {string} destination
 * @property {string[]} flags
 * @property {number | null} sequence
 * @property {number | null} acknowledgment
 * @property {number | null} window
 * @property {number} length
 * @property {string} raw
 * @property {number | null} [repeats]
 * @property {boolean} [loopback]
 * @property {Record<string, any> | null} [info]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A packet waits on the wire for a person.
 *
 * @typedef {object} PacketHeld
 * @property {"packet.held"} type
 * @property {number} packet
 * @property {string} why
 * @property {number} seq
 * @property {number} t
 */

/**
 * A packet was handed to its target host's kernel.
 *
 * @typedef {object} PacketDelivered
 * @property {"packet.delivered"} type
 * @property {number} packet
 * @property {string} [why]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A packet will not arrive.
 *
 * @typedef {object} PacketDropped
 * @property {"packet.dropped"} type
 * @property {number} packet
 * @property {string} why
 * @property {number} seq
 * @property {number} t
 */

/**
 * Something is about to happen and waits: a system call to enter, or a packet to be delivered.
 *
 * @typedef {object} MomentPending
 * @property {"moment.pending"} type
 * @property {number} moment
 * @property {"syscall" | "packet"} kind
 * @property {number | null} [call]
 * @property {number | null} [packet]
 * @property {number | null} [due_t]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A waiting moment goes on, or (``why``) ended otherwise: its process died, its packet was dropped.
 *
 * @typedef {object} MomentReleased
 * @property {"moment.released"} type
 * @property {number} moment
 * @property {"syscall" | "packet"} kind
 * @property {number | null} [call]
 * @property {number | null} [packet]
 * @property {string} [why]
 * @property {number} seq
 * @property {number} t
 */

/**
 * The conductor follows another pace.
 *
 * @typedef {object} PaceChanged
 * @property {"pace.changed"} type
 * @property {"live" | "slow" | "step"} pace
 * @property {number} pause_ms
 * @property {number} seq
 * @property {number} t
 */

/**
 * The wire delays, loses or shows otherwise than before.
 *
 * @typedef {object} WireChanged
 * @property {"wire.changed"} type
 * @property {number} delay_ms
 * @property {number} jitter_ms
 * @property {number} loss
 * @property {boolean} neighbours
 * @property {number} seq
 * @property {number} t
 */

/**
 * A kernel parameter of one host has a new value.
 *
 * @typedef {object} SysctlChanged
 * @property {"sysctl.changed"} type
 * @property {string} host
 * @property {string} name
 * @property {string} value
 * @property {string | null} [default]
 * @property {string | null} [why]
 * @property {number} seq
 * @property {number} t
 */

/**
 * A command came through the door and was carried out; ``fields`` are its own.
 *
 * @typedef {object} CommandAccepted
 * @property {"command.accepted"} type
 * @property {string} command
 * @property {Record<string, any>} fields
 * @property {number} seq
 * @property {number} t
 */

/**
 * A command came through the door and was refused.
 *
 * @typedef {object} CommandRefused
 * @property {"command.refused"} type
 * @property {string} command
 * @property {Record<string, any>} fields
 * @property {string} title
 * @property {string} detail
 * @property {number} seq
 * @property {number} t
 */

/**
 * Something happened that an observer could not see; the screen says so instead of guessing.
 *
 * @typedef {object} ObservationLost
 * @property {"observation.lost"} type
 * @property {"tracer" | "wire" | "table" | "output"} observer
 * @property {string} host
 * @property {string} why
 * @property {number} [count]
 * @property {number} seq
 * @property {number} t
 */

/**
 * The sandbox has ended; this is its last event.
 *
 * @typedef {object} SandboxClosed
 * @property {"sandbox.closed"} type
 * @property {string} why
 * @property {number} seq
 * @property {number} t
 */

/** @typedef {HostAdded | ProcessStarted | ProcessExecuted | ProcessOutput | ProcessExited | SyscallEntered | SyscallBlocked | SyscallReturned | FdOpened | FdClosed | SocketAppeared | SocketChanged | SocketVanished | PacketSent | PacketHeld | PacketDelivered | PacketDropped | MomentPending | MomentReleased | PaceChanged | WireChanged | SysctlChanged | CommandAccepted | CommandRefused | ObservationLost | SandboxClosed} Event */

/** Every event type, in the order of server/events.py. */
export const EVENT_TYPES = [
  "host.added",
  "process.started",
  "process.executed",
  "process.output",
  "process.exited",
  "syscall.entered",
  "syscall.blocked",
  "syscall.returned",
  "fd.opened",
  "fd.closed",
  "socket.appeared",
  "socket.changed",
  "socket.vanished",
  "packet.sent",
  "packet.held",
  "packet.delivered",
  "packet.dropped",
  "moment.pending",
  "moment.released",
  "pace.changed",
  "wire.changed",
  "sysctl.changed",
  "command.accepted",
  "command.refused",
  "observation.lost",
  "sandbox.closed",
];

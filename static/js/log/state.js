// The types of the state, for the checker and for readers. Made by docs/state_js.py from server/shapes.py.
// A field in brackets can be absent.

export {};

/**
 * All that is there after an event.
 *
 * @typedef {object} State
 * @property {number} seq The `seq` of that event; 0 before the first.
 * @property {number} t Its time (ns on the log's clock).
 * @property {"live" | "slow" | "step"} pace The conductor's pace.
 * @property {number} pause_ms So long each moment waits at pace `slow` (ms).
 * @property {Wire} wire What the wire does.
 * @property {Record<string, Host>} hosts Name → host.
 * @property {Record<string, Process>} processes Pid → process.
 * @property {Record<string, Socket>} sockets Cookie → row of the socket table.
 * @property {Record<string, Packet>} packets Id → packet that is under way.
 * @property {Record<string, Moment>} moments Id → what waits.
 * @property {string | null} closed Why the sandbox has ended; null while it has not.
 */

/**
 * What the wire does to every packet.
 *
 * @typedef {object} Wire
 * @property {number} delay_ms So long each packet is under way (ms).
 * @property {number} jitter_ms So much the delay varies, up or down (ms).
 * @property {number} loss The share of packets that is lost: 0 to 1.
 * @property {boolean} neighbours Whether ARP and IPv6 neighbour discovery are shown as packets too.
 */

/**
 * A host: one network namespace.
 *
 * @typedef {object} Host
 * @property {string[]} addresses Its addresses with their prefix lengths, such as `10.0.0.4/24`.
 * @property {Record<string, string>} sysctls Kernel parameter → value, of those that were set since the sandbox began.
 * @property {Record<string, Parameter> | null} differs Kernel parameter → what it is, of those that are not as by default; null if the log does not say.
 */

/**
 * A process, running or exited.
 *
 * @typedef {object} Process
 * @property {string} host Where it runs.
 * @property {string} program Its name in the catalogue, or the last part of the path that it was started with.
 * @property {string[]} argv Its command line.
 * @property {number | null} parent The pid that forked it; null if a command started it.
 * @property {"user" | "admin"} credentials What it may do: `admin` may bind ports below 1024.
 * @property {"running" | "exited"} status Whether it runs still.
 * @property {Record<string, Descriptor>} fds File descriptor → what it points to; empty once it has exited.
 * @property {Record<string, Call>} calls Thread id → the call that it is in; empty once it has exited.
 * @property {number | null} [code] Its exit code, null if a signal ended it. Absent while it runs.
 * @property {string | null} [signal] The signal that ended it, such as `SIGKILL`, null if none did. Absent while it runs.
 */

/**
 * One row of the kernel's socket table, as ``socket.appeared`` and ``socket.changed`` say it.
 *
 * @typedef {object} Socket
 * @property {string} host Whose kernel has it.
 * @property {string} socket The kernel's cookie.
 * @property {"inet" | "inet6" | "unix"} family Its address family.
 * @property {"tcp" | "udp" | "unix"} protocol Its protocol.
 * @property {string} state Its state by RFC 9293; `UNCONNECTED` for udp.
 * @property {string} local The local end, such as `10.0.0.4:80` or `*:80`.
 * @property {string} remote The remote end; `*:*` if there is none.
 * @property {number} inode Its inode; 0 while no file descriptor names it.
 * @property {number} recv_queue Bytes to be read; on a listening socket, connections that wait for accept().
 * @property {number} send_queue Bytes not yet acknowledged; on a listening socket, the limit of those that wait.
 * @property {SocketOwner[]} owners The file descriptors that name it.
 * @property {SocketTimer | null} [timer] The kernel timer that runs. Absent if none does.
 * @property {number | null} [uid] The user who made it. Absent if unknown.
 * @property {string | null} [peer] The cookie of the unix socket at the other end. Absent if there is none, or it is not known.
 * @property {boolean | null} [v6only] Whether an IPv6 socket takes IPv6 alone. Absent if it is no IPv6 socket, or unknown.
 * @property {"sock_diag" | "getsockopt"} [source] Which evidence gave the row. Absent: `sock_diag`.
 */

/**
 * A packet that is under way, as ``packet.sent`` says it, without its bytes.
 *
 * @typedef {object} Packet
 * @property {number} packet Its id in the log.
 * @property {string} source_host Who sent it.
 * @property {string | null} target_host Whose it will be; null if it is for no single host of the sandbox.
 * @property {"tcp" | "udp" | "unix" | "icmp" | "icmp6" | "arp" | "other"} protocol Its protocol.
 * @property {string} source Where it comes from: address and port.
 * @property {string} destination Where it goes: address and port.
 * @property {string[]} flags Its TCP flags; empty for another protocol.
 * @property {number | null} sequence Its TCP sequence number; null for another protocol.
 * @property {number | null} acknowledgment Its TCP acknowledgment number; null for another protocol.
 * @property {number | null} window The receive window that it announces, as in its header; null for another protocol.
 * @property {number} length Bytes of payload.
 * @property {boolean} [loopback] Whether it stays on its host, where it cannot be held. Absent: no.
 * @property {Record<string, any> | null} [info] Other decoded header fields by their RFC names. Absent if there are none.
 * @property {"in-flight" | "held"} status Whether it goes on by itself or is held.
 * @property {number} copies How many retransmissions of it were sent meanwhile.
 * @property {number} t When it was sent (ns on the log's clock).
 * @property {string} [why] Why it was held. Absent if it never was.
 */

/**
 * Something that is about to happen and waits, as ``moment.pending`` says it.
 *
 * @typedef {object} Moment
 * @property {number} moment Its id in the log.
 * @property {"syscall" | "packet"} kind A system call to enter, or a packet to be delivered.
 * @property {number | null} [call] The call's id. Absent if it is a packet.
 * @property {number | null} [packet] The packet's id. Absent if it is a call.
 * @property {number | null} [due_t] When it goes on by itself (ns on the log's clock). Absent: it waits for a person.
 * @property {number} t Since when it waits (ns on the log's clock).
 */

/**
 * A kernel parameter of a host that is not what it was by default.
 *
 * @typedef {object} Parameter
 * @property {string} value What it is.
 * @property {string} default What the kernel gave the host's namespace in the beginning.
 * @property {string | null} why What the sandbox has set it for; null if somebody asked for it.
 */

/**
 * What a number in a process's file descriptor table points to.
 *
 * @typedef {object} Descriptor
 * @property {"socket" | "pipe" | "file" | "epoll" | "eventfd" | "other"} kind What sort of thing.
 * @property {string | null} socket The socket's cookie; null if it is no socket.
 * @property {string | null} path The file's path; null if it is no file, or has none.
 */

/**
 * A system call that was entered and has not returned.
 *
 * @typedef {object} Call
 * @property {number} call Its id in the log.
 * @property {string} name Its name in section 2 of the manual.
 * @property {Record<string, any>} args Its arguments, decoded, by name.
 * @property {number} t When it was entered (ns on the log's clock).
 * @property {string | null} file The program's source file; null if unknown.
 * @property {number | null} line The line in it, from 1; null if unknown.
 * @property {boolean} blocked Whether its thread was seen to sleep in it.
 */

/**
 * One file descriptor that names a socket.
 *
 * @typedef {object} SocketOwner
 * @property {number} pid Whose.
 * @property {number} fd Which number.
 */

/**
 * A socket's pending kernel timer.
 *
 * @typedef {object} SocketTimer
 * @property {"retransmit" | "keepalive" | "time-wait" | "zero-window-probe"} name Which one.
 * @property {number} expires_t When it expires (ns on the log's clock).
 * @property {number} retransmits How often the socket has sent again so far.
 */

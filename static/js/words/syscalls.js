// Facts of the system calls that are shown. Made by docs/syscalls_js.py from server/inet/syscalls.py.

/** The name that the author of a program knows, where it is another than the kernel's. */
export const SAID_AS = /** @type {Record<string, string>} */ ({
  accept4: "accept",
  epoll_pwait: "epoll_wait",
  epoll_pwait2: "epoll_wait",
  ppoll: "poll",
  pselect6: "select",
  recvfrom: "recv",
  sendto: "send",
});

/** Hands bytes to its descriptor. */
export const HANDS_OUT = new Set(["pwritev2", "sendfile", "sendmmsg", "sendmsg", "sendto", "write", "writev"]);

/** Takes bytes from its descriptor. */
export const TAKES_IN = new Set(["preadv2", "read", "readv", "recvfrom", "recvmmsg", "recvmsg"]);

/** Waits until one of several descriptors is ready. */
export const WAITS = new Set(["epoll_pwait", "epoll_pwait2", "epoll_wait", "poll", "ppoll", "pselect6", "select"]);

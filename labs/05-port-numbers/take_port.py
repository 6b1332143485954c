"""Listen on a TCP port, or say why not.  Usage: python3 take_port.py [PORT]"""

import errno
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    listener.bind(("0.0.0.0", port))  # 0.0.0.0: every IPv4 address of this machine
except OverflowError as error:
    sys.exit(f"Python did not even ask: {error}")
except OSError as error:
    sys.exit(f"bind() to port {port} failed: {errno.errorcode.get(error.errno)}, {error.strerror}")
listener.listen(5)
print("listening on port", listener.getsockname()[1])

sys.stdin.read()  # keep the port until the input ends; in a terminal that is Ctrl+D

"""Call a TCP echo server and tell this end's port.  Usage: python3 caller.py [HOST [PORT [OWN_PORT]]]"""

import errno
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
own_port = int(sys.argv[3]) if len(sys.argv) > 3 else None

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    if own_port is not None:
        connection.bind(("0.0.0.0", own_port))
    print("before connect: port", connection.getsockname()[1])
    print("press Enter to connect")
    sys.stdin.readline()
    connection.connect((host, port))
except OSError as error:
    sys.exit(f"no connection: {errno.errorcode.get(error.errno)}, {error.strerror}")
print("after connect: port", connection.getsockname()[1])

answers = connection.makefile(errors="replace")  # reads whole lines, in however many pieces they come
for line in sys.stdin:
    connection.sendall(f"{line.strip()}\n".encode())
    print("echo:", answers.readline().strip())

connection.close()

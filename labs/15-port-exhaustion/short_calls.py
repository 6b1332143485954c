"""Call an echo server for each request, then close.  Usage: python3 short_calls.py [HOST [PORT [COUNT [reuseaddr]]]]"""

import errno
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
count = int(sys.argv[3]) if len(sys.argv) > 3 else 4

for number in range(1, count + 1):
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if "reuseaddr" in sys.argv[4:]:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        connection.connect((host, port))
    except OSError as error:
        sys.exit(f"request {number} failed: {errno.errorcode.get(error.errno)}, {error.strerror}")
    connection.sendall(f"request {number}\n".encode())
    print("answer:", connection.makefile(errors="replace").readline().strip())
    connection.close()  # this end closes first
print("all requests done")

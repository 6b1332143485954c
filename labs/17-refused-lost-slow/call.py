"""Call a TCP echo server once and tell how it went.  Usage: python3 call.py [HOST [PORT [PATIENCE]]]"""

import errno
import socket
import sys
import time

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
patience = float(sys.argv[3]) if len(sys.argv) > 3 else None  # seconds; without it, as long as the kernel tries

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
connection.settimeout(patience)
start = time.monotonic()
try:
    connection.connect((host, port))
    print(f"connected after {time.monotonic() - start:.1f} s")
    connection.sendall(b"hello\n")
    answer = connection.makefile(errors="replace").readline()  # a whole line, in however many pieces it comes
    print(f"answer after {time.monotonic() - start:.1f} s:", answer.strip())
except OSError as error:
    name = errno.errorcode.get(error.errno, "my own patience ended")  # only the kernel's errors have a number
    sys.exit(f"{name} after {time.monotonic() - start:.1f} s")
connection.close()

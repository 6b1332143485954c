"""Send each line of the input to a server with a name, print the answer.  Usage: python3 local_client.py [NAME]"""

import socket
import sys

name = sys.argv[1] if len(sys.argv) > 1 else "/tmp/echo.sock"
address = "\0" + name[1:] if name.startswith("@") else name  # @: an abstract name, which is no file

connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    connection.connect(address)
except OSError as error:
    sys.exit(f"no connection to {name}: {error}")
print("connected to", name)

for line in sys.stdin:
    connection.sendall(line.encode())
    print("echo:", connection.recv(1024).decode(errors="replace"), end="")

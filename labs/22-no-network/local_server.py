"""An echo server with a name in place of a port.  Usage: python3 local_server.py [NAME [MODE]]"""

import os
import socket
import struct
import sys

name = sys.argv[1] if len(sys.argv) > 1 else "/tmp/echo.sock"
address = "\0" + name[1:] if name.startswith("@") else name  # @: an abstract name, which is no file

listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    listener.bind(address)
except OSError as error:
    sys.exit(f"cannot listen at {name}: {error}")
if len(sys.argv) > 2:
    os.chmod(name, int(sys.argv[2], 8))
listener.listen(5)
print("listening at", name)

while True:
    connection, client = listener.accept()
    who = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # Linux; macOS has getpeereid()
    print("hello, process {} of user {}".format(*struct.unpack("3i", who)), "with the address", repr(client))
    while data := connection.recv(1024):
        connection.sendall(data)
    connection.close()

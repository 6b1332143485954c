"""Accept one connection and read it to its end.  Usage: sink.py PORT"""

import socket
import sys

with socket.create_server(("", int(sys.argv[1]))) as listener:
    connection, _ = listener.accept()
    with connection:
        while connection.recv(65536):
            pass

"""Send each line that you type to a server, print what comes back.  Usage: python3 by_hand.py [HOST [PORT]]"""

import socket
import sys
import threading

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 8000


def listen():
    """Print what the server says until it says no more."""
    while data := connection.recv(1024):
        print(data.decode(errors="replace"), end="")
    print("the server has closed the connection")


try:
    connection = socket.create_connection((host, port))
except OSError as error:
    sys.exit(f"no connection to {host} port {port}: {error}")
threading.Thread(target=listen).start()

for line in sys.stdin:
    connection.sendall(line.strip().encode() + b"\r\n")  # in HTTP a line ends with these two bytes
connection.shutdown(socket.SHUT_WR)  # no more questions; what is still to come is printed

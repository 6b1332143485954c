"""A TCP server that sends back whatever it gets.  Usage: python3 echo_server.py [PORT [ADDRESS]]"""

import socket
import sys
import threading


def serve(connection, client):
    """Answer one client until it has nothing more to say."""
    while data := connection.recv(1024):
        connection.sendall(data)
    connection.close()
    print("goodbye", *client[:2])


port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
address = sys.argv[2] if len(sys.argv) > 2 else "0.0.0.0"  # 0.0.0.0: every IPv4 address of this machine
family = socket.AF_INET6 if ":" in address else socket.AF_INET

listener = socket.socket(family, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a restart need not wait a minute
listener.bind((address, port))
listener.listen(5)
print("listening on", *listener.getsockname()[:2])

while True:
    connection, client = listener.accept()
    print("hello", *client[:2])
    threading.Thread(target=serve, args=(connection, client), daemon=True).start()

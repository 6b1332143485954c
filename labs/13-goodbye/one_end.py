"""Hold one end of a connection by hand.  Usage: python3 one_end.py [listen [PORT] | call [HOST [PORT]]]"""

import socket
import sys

role = sys.argv[1] if len(sys.argv) > 1 else "listen"
port = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 7777

if role == "listen":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a restart need not wait a minute
    listener.bind(("0.0.0.0", port))
    listener.listen()
    print("listening on port", port)
    connection, _ = listener.accept()
    listener.close()  # one caller is enough
else:
    host = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
    connection = socket.create_connection((host, port))
print("connected")

for line in sys.stdin:  # say TEXT, read, shutdown or close
    command, _, text = line.strip().partition(" ")
    try:
        if command == "say":
            print("sent", connection.send(text.encode()), "bytes")
        elif command == "read":
            print("read:", connection.recv(1024).decode(errors="replace") or "the end")
        elif command == "shutdown":
            connection.shutdown(socket.SHUT_WR)  # WR: I write no more, and still read
        elif command == "close":
            connection.close()
    except OSError as error:
        print("error:", error)

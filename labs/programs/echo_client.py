"""Send each line of the input to a TCP echo server, print the answer.  Usage: python3 echo_client.py [HOST [PORT]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
family = socket.AF_INET6 if ":" in host else socket.AF_INET

connection = socket.socket(family, socket.SOCK_STREAM)
try:
    connection.connect((host, port))
except OSError as error:
    sys.exit(f"no connection to {host} port {port}: {error}")
print("connected from", *connection.getsockname()[:2])

for line in sys.stdin:
    sent = line.encode()
    connection.sendall(sent)
    answer = b""
    while len(answer) < len(sent):  # TCP carries bytes, not messages: the answer may come in pieces
        piece = connection.recv(1024)
        if not piece:
            sys.exit("the server has closed the connection")
        answer += piece
    print("echo:", answer.decode(errors="replace"), end="")

connection.close()

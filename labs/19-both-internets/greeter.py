"""Tell each caller its address, then close.  Usage: python3 greeter.py [PORT [ADDRESS [v6only | both]]]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
address = sys.argv[2] if len(sys.argv) > 2 else "::"
wish = sys.argv[3] if len(sys.argv) > 3 else ""
family = socket.AF_INET6 if ":" in address else socket.AF_INET

listener = socket.socket(family, socket.SOCK_STREAM)
if wish and family == socket.AF_INET6:  # before bind(): afterwards it is too late
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, wish == "v6only")
try:
    listener.bind((address, port))
    listener.listen(5)
except OSError as error:
    sys.exit(f"cannot listen on {address} port {port}: {error}")
print("listening on", *listener.getsockname()[:2])

while True:
    connection, client = listener.accept()
    print("hello", client[0])
    connection.sendall(f"you are {client[0]}\n".encode())
    connection.close()

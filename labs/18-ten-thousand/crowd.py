"""Open many connections to an echo server and keep them.  Usage: python3 crowd.py [HOST [PORT [COUNT]]]

Then type a number and a text: the text goes to the server by the connection with this number.
"""

import errno
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
count = int(sys.argv[3]) if len(sys.argv) > 3 else 10

connections = []
while len(connections) < count:
    try:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.connect((host, port))
    except OSError as error:
        print(f"connection {len(connections) + 1} failed:", errno.errorcode.get(error.errno), error.strerror)
        break
    connections.append(connection)
    if len(connections) % 500 == 0:  # once the server answers here, it has accepted all that came before
        connection.sendall(b"hello\n")
        connection.recv(1024)
        print(len(connections), "connections so far")
print("connections:", len(connections))

for line in sys.stdin:
    number, _, text = line.partition(" ")
    if not number.isdecimal() or not 1 <= int(number) <= len(connections):
        print("type the number of a connection, and a text")
        continue
    connection = connections[int(number) - 1]
    connection.sendall(text.encode())
    echo = connection.makefile(errors="replace").readline()  # a whole line, in however many pieces it comes
    print(f"echo on connection {number}:", echo.strip())

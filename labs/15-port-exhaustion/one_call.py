"""Send all requests by one connection to an echo server.  Usage: python3 one_call.py [HOST [PORT [COUNT]]]"""

import errno
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777
count = int(sys.argv[3]) if len(sys.argv) > 3 else 4

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    connection.connect((host, port))
except OSError as error:
    sys.exit(f"no connection: {errno.errorcode.get(error.errno)}, {error.strerror}")
answers = connection.makefile(errors="replace")  # reads whole lines, in however many pieces they come
for number in range(1, count + 1):
    connection.sendall(f"request {number}\n".encode())
    print("answer:", answers.readline().strip())
connection.close()
print("all requests done")

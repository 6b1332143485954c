"""Send each line that you type with one send(), without its newline.  Usage: python3 sender.py [HOST [PORT]]"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7777

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    connection.connect((host, port))
except OSError as error:
    sys.exit(f"no connection to {host} port {port}: {error}")
print("connected")

for line in sys.stdin:
    text = line.rstrip("\n").encode()
    sent = connection.send(text)
    print("sent", sent, "of", len(text), "bytes")

connection.close()

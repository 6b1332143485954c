"""Open files, pipes and sockets by hand, and use them by their numbers.  Usage: python3 numbers.py"""

import os
import socket
import sys

print("ready")
for line in sys.stdin:  # call HOST PORT, file NAME, pipe, pair, dup N, write N TEXT, read N, close N, fill
    command, *words = line.split()
    try:
        if command == "call":
            connection = socket.socket()
            connection.connect((words[0], int(words[1])))
            print("socket", connection.detach())
        elif command == "file":
            print("file", os.open(words[0], os.O_RDWR | os.O_CREAT))
        elif command == "pipe":
            print("pipe", *os.pipe())  # what goes in at the second comes out at the first
        elif command == "pair":
            print("pair", *(end.detach() for end in socket.socketpair()))
        elif command == "dup":
            print("dup", os.dup(int(words[0])))
        elif command == "write":
            print("wrote", os.write(int(words[0]), " ".join(words[1:]).encode()), "bytes")
        elif command == "read":
            print("read:", os.read(int(words[0]), 1024).decode(errors="replace") or "the end")
        elif command == "close":
            os.close(int(words[0]))
            print("closed")
        elif command == "fill":
            while True:
                print("one more:", socket.socket().detach())
    except OSError as error:
        print("error:", error)

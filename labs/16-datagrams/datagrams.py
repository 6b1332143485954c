"""Send and receive datagrams by hand, from one UDP socket.  Usage: python3 datagrams.py [PORT]"""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 0  # 0: the kernel chooses one

endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
endpoint.bind(("0.0.0.0", port))
print("bound to port", endpoint.getsockname()[1])

# to HOST PORT TEXT, connect HOST PORT, send TEXT, read [BYTES]
for line in sys.stdin:
    command, *words = line.split()
    try:
        if command == "to":
            endpoint.sendto(" ".join(words[2:]).encode(), (words[0], int(words[1])))
            print("sent")
        elif command == "connect":
            endpoint.connect((words[0], int(words[1])))
            print("connected")
        elif command == "send":
            endpoint.send(" ".join(words).encode())
            print("sent")
        elif command == "read":
            data, peer = endpoint.recvfrom(int(words[0]) if words else 1024)
            print(len(data), "bytes from", *peer, data.decode(errors="replace"))
    except OSError as error:
        print("error:", error)

"""Send many requests at once over a few connections.  Usage: python3 pool.py [URL [CONNECTIONS [REQUESTS]]]"""

import concurrent.futures
import http.client
import queue
import sys
import urllib.parse

url = urllib.parse.urlsplit(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/")
size = int(sys.argv[2]) if len(sys.argv) > 2 else 3
requests = int(sys.argv[3]) if len(sys.argv) > 3 else 12

pool = queue.SimpleQueue()
for _ in range(size):
    pool.put(http.client.HTTPConnection(url.hostname, url.port or 80))  # connects when it is used first


def ask(number):
    """Take a connection out of the pool, use it, and put it back."""
    connection = pool.get()  # waits until one is free
    try:
        connection.request("GET", url.path or "/")
        port = connection.sock.getsockname()[1]
        answer = connection.getresponse()
        answer.read()
    finally:
        pool.put(connection)
    return f"request {number}: status {answer.status}, asked from port {port}"


try:
    with concurrent.futures.ThreadPoolExecutor(requests) as threads:  # one thread for each request
        for line in threads.map(ask, range(1, requests + 1)):
            print(line)
except OSError as error:
    sys.exit(f"no answer from {url.netloc}: {error}")
print("the pool keeps its connections until the input ends")
sys.stdin.read()

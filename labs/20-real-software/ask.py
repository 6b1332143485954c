"""Ask a web server for the same page, several times.  Usage: python3 ask.py [URL [TIMES]]"""

import http.client
import sys
import urllib.parse

url = urllib.parse.urlsplit(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/")
times = int(sys.argv[2]) if len(sys.argv) > 2 else 1

connection = http.client.HTTPConnection(url.hostname, url.port or 80)
for _ in range(times):
    try:
        connection.request("GET", url.path or "/")  # connects first, if there is no connection
    except OSError as error:
        sys.exit(f"no answer from {url.netloc}: {error}")
    port = connection.sock.getsockname()[1]
    answer = connection.getresponse()
    answer.read()
    print(f"status {answer.status}, asked from port {port}")
connection.close()

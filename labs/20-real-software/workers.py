"""Serve a web page with one parent and two workers, as nginx does.  Usage: python3 workers.py [PORT]"""

import http.server
import os
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080


class Page(http.server.BaseHTTPRequestHandler):
    """The one page that there is."""

    def do_GET(self):
        """Answer with the number of the process that does so."""
        body = f"hello from process {os.getpid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("", port), Page)  # socket(), bind(), listen()
print("listening on port", port)

for _ in range(2):
    if os.fork() == 0:
        server.serve_forever()  # each worker calls accept() on the same socket

os.wait()  # the parent serves nobody

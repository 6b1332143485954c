"""A web application that listens at a Unix socket, for a proxy in front of it.  Usage: python3 app.py [NAME]"""

import http.server
import os
import socketserver
import sys

name = sys.argv[1] if len(sys.argv) > 1 else "/tmp/app.sock"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked by", repr(self.client_address), "for", self.headers.get("X-Forwarded-For", "nobody"))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, *words):
        pass  # it would print the client's address, and there is none


if os.path.exists(name):
    os.unlink(name)
with socketserver.UnixStreamServer(name, Page) as server:
    print("listening at", name)
    server.serve_forever()

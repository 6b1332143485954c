"""A TCP echo server by asyncio. For the line "slow" it takes its time, and then others wait or they do not.

Usage: python3 asyncio_server.py [PORT [block|await [SECONDS]]]
"""

import asyncio
import sys
import time

port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
how = sys.argv[2] if len(sys.argv) > 2 else "block"
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2


async def serve(reader, writer):
    """Answer one client until it has nothing more to say."""
    while line := await reader.readline():  # while this one waits, the loop serves the others
        if line == b"slow\n" and how == "await":
            await asyncio.sleep(seconds)  # a pause that gives the thread back to the loop
        elif line == b"slow\n":
            time.sleep(seconds)  # a pause that keeps the thread, as a long computation would
        writer.write(line)
        await writer.drain()
    writer.close()


async def main():
    """Listen, and let the loop call serve() for each client."""
    server = await asyncio.start_server(serve, "0.0.0.0", port)
    print("listening on port", port)
    await server.serve_forever()


asyncio.run(main())

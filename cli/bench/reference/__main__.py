"""`python -m cli.bench.reference JSON`: serve on a free port of this machine, and print its number."""

import json
import socket
import sys
from pathlib import Path

import uvicorn

from cli.bench.reference.server import make
from cli.bench.reference.setting import Setting


def main() -> None:
    """Serve until SIGTERM."""
    asked = json.loads(sys.argv[1])
    settings = {subject: Setting(**setting) for subject, setting in asked["settings"].items()}
    app = make(Path(asked["cache"]), asked["clip"], asked["faces"], settings)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, workers=1))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()

"""`python -m merchant_api`: the service as a process of its own.

It says on standard output, as one line of JSON, on which port it answers and on which one `/metrics` does; logs go to
standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path

import structlog
import uvicorn
import uvloop

from ledger.errors import BadConfiguration, Refusal
from ledger.home import Home
from ledger.opening import opened_ledger
from merchant_api import metrics
from merchant_api.app import create_app
from merchant_api.metrics import Meters, serve_metrics
from merchant_api.till_protocol import TillProtocol


def main() -> None:
    """Serve until told to stop (SIGTERM, SIGINT) or, with `--until-stdin-closes`, until the parent is gone."""
    arguments = _arguments()
    _log_as_json()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(arguments))
    except Refusal as refusal:
        sys.stderr.write(json.dumps({"number": refusal.label, "code": refusal.code, **refusal.facts}) + "\n")
        sys.exit(refusal.exit_code)


async def _serve(arguments: argparse.Namespace) -> None:
    async with opened_ledger(Home.resolve(arguments.home)) as ledger:
        meters = Meters()
        app = create_app(ledger, meters)
        config = uvicorn.Config(
            app,
            http=TillProtocol.at(app.state.door),
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,  # nobody asks whence a call came
            timeout_graceful_shutdown=10,
            timeout_keep_alive=75,  # between two customers a till keeps its connection
        )
        server = uvicorn.Server(config)
        gc.freeze()  # what is here now stays: the collector need not walk over it again at each sale
        listening = _listen(arguments.host, arguments.port, "--port")
        watched = _listen(metrics.HOST, arguments.metrics_port, "--metrics-port")
        host, port = listening.getsockname()[:2]
        metrics_port = watched.getsockname()[1]
        if arguments.until_stdin_closes:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _stop_with_parent, server)
        told = {"host": host, "port": port, "pid": os.getpid(), "metrics_port": metrics_port}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        for stop in (signal.SIGINT, signal.SIGTERM):  # uvicorn takes them, and raises them again when it is done
            signal.signal(stop, signal.SIG_IGN)
        async with await serve_metrics(watched, ledger, meters):
            await server.serve(sockets=[listening])


def _listen(host: str, port: int, setting: str) -> socket.socket:
    """Bind first, so that the port that is announced already takes calls; port 0 lets the system choose."""
    try:
        listening = socket.create_server((host, port), backlog=4096)
    except OSError as error:
        raise BadConfiguration(setting=setting, host=host, port=port, reason=error.strerror) from None
    return listening


def _stop_with_parent(server: uvicorn.Server) -> None:
    """The parent holds the other end of standard input: when it is gone, even by kill -9, the end is read here."""
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        server.should_exit = True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m merchant_api", description=__doc__)
    parser.add_argument("--home", type=Path, help="folder of the installation")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--metrics-port", type=int, default=0, help="of /metrics, for this machine only")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when the parent process is gone")
    return parser.parse_args()


def _log_as_json() -> None:
    """One JSON object per line on standard error; no body, header or address of a call is ever logged."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()

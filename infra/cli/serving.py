"""The verbs that serve pages and the API: serve, api."""

import argparse
import socket

from infra import logs
from infra.cli.terminal import bar, settings
from infra.cli.verb import ATTACHED, HOST, OPS_PORT, PORT, Verb, whole
from infra.composition import Installation
from infra.demo import seed
from infra.runtime import descriptors, serve
from infra.runtime.connections import ConnectionLimits
from infra.runtime.ops_server import ops_of
from infra.runtime.worker import run_installation


def serve_all(options: argparse.Namespace) -> int:
    logs.configure()
    descriptors.check(ConnectionLimits().connections)
    listener = serve.listen(options.host, options.port)
    wanted = seed.DEMO if options.demo else seed.EXAMPLES if options.examples else None

    async def fill(made: Installation) -> None:
        if wanted is None:
            await seed.publish(made, examples=False)
        else:
            with bar("adding examples", wanted.applications, "appl") as advance:
                await seed.seed(made, wanted, advance)

    wanted_settings = settings()
    ops = ops_of(wanted_settings, "serve", port=options.ops_port)
    serve.run_all(wanted_settings, ops, listener, workers=options.workers, fill=fill)
    return 0


def serve_api(options: argparse.Namespace) -> int:
    logs.configure()
    descriptors.check(ConnectionLimits().connections)
    if options.descriptor is None:
        listener = serve.listen(options.host, options.port)
        print(f"API: http://{options.host}:{options.port}/openapi.json", flush=True)
    else:
        listener = socket.socket(fileno=options.descriptor)
    wanted = settings()
    run_installation(
        wanted,
        ops_of(wanted, "api", attached=options.attached, port=options.ops_port),
        lambda made, ops: serve.serve_api(made, ops, listener, started=lambda: None),
        attached=options.attached,
    )
    return 0


WORKERS_MAX, DESCRIPTOR_MAX = 64, 1_048_575


VERBS = (
    Verb(
        "serve",
        "run Jejak",
        "run all parts of Jejak on one server",
        serve_all,
        "jejak serve --examples",
        "open the address of the citizen page that `jejak serve` prints",
        (
            HOST,
            PORT,
            OPS_PORT,
            (
                ("--workers",),
                {
                    "type": whole(1, WORKERS_MAX),
                    "default": 1,
                    "help": "number of processes that answer HTTP requests (default: 1)",
                },
            ),
            (("--examples",), {"action": "store_true", "help": "add 200 example applications on the first start"}),
            (("--demo",), {"action": "store_true", "help": "add 90 simulated days of a mall on the first start"}),
        ),
    ),
    Verb(
        "api",
        "run Jejak",
        "run only the API and the pages",
        serve_api,
        "jejak api --port 8001",
        "run `jejak project` in another process",
        (
            HOST,
            PORT,
            OPS_PORT,
            (("--descriptor",), {"type": whole(0, DESCRIPTOR_MAX), "help": argparse.SUPPRESS}),
            ATTACHED,
        ),
    ),
)

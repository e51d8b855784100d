"""The reference configuration of nginx: accepted by Debian's nginx, and real requests and a stream go through it."""

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.api.installation import SEMARANG, catalogued
from tests.conftest import PROJECT, new_folder
from tests.journeys.test_restart import eventually
from tests.running import Jejak, free_port

FILE = PROJECT / "deploy/nginx/jejak.conf"
HOST = "jejak.example.go.id"
AGENCY = "pemda-3374"
STREAM_SECONDS = 5.0
SUBMISSION = {"service": "ktp-el", "district": "33.74.01", "applicant": {"name": "Siti Contoh"}}
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/jejak.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    folder: Path
    plain: int
    tls: int
    jejak: Jejak

    def connection(self, seconds: float = 20) -> http.client.HTTPSConnection:
        trusted = ssl.create_default_context(cafile=self.folder / "jejak.pem")
        trusted.check_hostname = False  # the test asks by address
        return http.client.HTTPSConnection("127.0.0.1", self.tls, context=trusted, timeout=seconds)

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        with closing(self.connection()) as connection:
            connection.request(method, path, body or None, {"Host": HOST, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def log(self) -> str:
        return (self.folder / "access.log").read_text()


def nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not found:
        pytest.skip("no nginx on this machine: apt-get install nginx-light")
    return found


def configured(folder: Path, plain: int, tls: int, upstream: int) -> Path:
    """The file as it is, with the ports and folders of the test."""
    openssl = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    files = ["-keyout", str(folder / "jejak.key"), "-out", str(folder / "jejak.pem")]
    subprocess.run([*openssl, "-subj", f"/CN={HOST}", *files], check=True, capture_output=True)
    text = FILE.read_text()
    text = re.sub(r"\n *listen \[::\][^\n]*", "", text)
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{tls} "),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("/etc/nginx/tls/", f"{folder}/"),
        ("/var/log/nginx/jejak.log", f"{folder}/access.log"),
    ):
        assert there in text, there
        text = text.replace(there, here)
    (folder / "jejak.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder))
    return main


@contextmanager
def proxying(running: Jejak, folder: Path) -> Iterator[Proxy]:
    plain, tls = free_port(), free_port()
    main = configured(folder, plain, tls, running.port)
    tested = subprocess.run([nginx(), "-t", "-c", str(main)], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr, tested.stderr
    process = subprocess.Popen([nginx(), "-c", str(main)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not _listens(tls):
            assert time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield Proxy(folder, plain, tls, running)
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    nginx()
    folder = new_folder()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
            with catalogued() as running, proxying(running, folder) as made:
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_page_comes_over_tls_with_strict_transport_security(proxy: Proxy) -> None:
    status, headers, body = proxy.ask("/id/")
    assert (status, b"PIN" in body) == (200, True)
    assert headers.get_all("Strict-Transport-Security") == ["max-age=63072000; includeSubDomains"]
    assert "nginx/" not in headers["Server"]


def test_plain_http_leads_to_tls(proxy: Proxy) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=10)) as connection:
        connection.request("GET", "/id/?a=b", headers={"Host": "elsewhere.example"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (308, f"https://{HOST}/id/?a=b")


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/metrics?x=1", "/%6detrics", "//metrics", "/id/../metrics"])
def test_metrics_and_details_are_closed(proxy: Proxy, path: str) -> None:
    assert proxy.ask(path)[0] in {400, 404}


def test_old_protocols_are_refused(proxy: Proxy) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with closing(socket.create_connection(("127.0.0.1", proxy.tls), 10)) as raw, pytest.raises(ssl.SSLError):
        old.wrap_socket(raw)


def test_a_large_body_and_large_headers_are_refused_before_they_reach_jejak(proxy: Proxy) -> None:
    assert proxy.ask("/v1/applications", "POST", bytes(1024 * 1024 + 1))[0] == 413
    assert proxy.ask("/id/", Cookie="x" * 5000)[0] == 400
    assert proxy.ask("/id/" + "x" * 5000)[0] == 414


def test_a_command_goes_through_and_no_path_is_logged(proxy: Proxy) -> None:
    bearer = proxy.jejak.officer(SEMARANG)
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "through-nginx-1"}
    body = json.dumps(SUBMISSION).encode()
    status, _, answer = proxy.ask("/v1/applications", "POST", body, **headers, **{"Content-Type": "application/json"})
    assert status == 201, answer
    number = json.loads(answer)["tracking_number"]
    proxy.ask(f"/id/{number}")
    deadline = time.monotonic() + 5
    while " POST 201 " not in proxy.log():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert number not in proxy.log()


def test_an_event_stream_arrives_at_once(proxy: Proxy) -> None:
    """If nginx buffered, nothing would arrive before 4 or 8 KiB were full."""
    token = proxy.jejak.token("--agency", AGENCY)
    eventually(lambda: proxy.jejak.request("GET", f"/v1/feeds/{AGENCY}", token=token).status == 200)
    with closing(proxy.connection(STREAM_SECONDS)) as connection:
        asked = {"Host": HOST, "Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        connection.request("GET", f"/v1/feeds/{AGENCY}", headers=asked)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
        for _ in range(2):
            made = proxy.jejak.submit(proxy.jejak.officer(SEMARANG), **SUBMISSION)
            wanted = made["application_id"].encode()
            while wanted not in answer.readline():  # raises TimeoutError after STREAM_SECONDS without a line
                pass


def test_a_stream_is_not_buffered_by_the_configuration_itself(tmp_path: Path) -> None:
    """Here the upstream is no Jejak, so no header of Jejak's asks nginx not to buffer."""
    first, done = b"data: first\n\n", threading.Event()

    class Upstream(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(first)
            done.wait(STREAM_SECONDS * 2)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            upstream = Jejak(tmp_path, port=server.server_port)
            with proxying(upstream, tmp_path) as made, closing(made.connection(STREAM_SECONDS)) as connection:
                connection.request("GET", f"/v1/feeds/{AGENCY}", headers={"Host": HOST})
                assert connection.getresponse().readline() == first.splitlines(keepends=True)[0]
        finally:
            done.set()
            server.shutdown()


def test_a_client_cannot_choose_its_network(proxy: Proxy) -> None:
    """The limit of wrong PINs counts the client of nginx, whatever X-Forwarded-For the client sends."""
    statuses = set()
    for attempt in range(40):
        form = b"number=01ZZZZZZZZZZ&pin=00000000"
        form_type = "application/x-www-form-urlencoded"
        said = {"X-Forwarded-For": f"203.0.{attempt}.7", "Content-Type": form_type, "Origin": f"https://{HOST}"}
        statuses.add(proxy.ask("/id/track", "POST", form, **said)[0])
    assert 429 in statuses

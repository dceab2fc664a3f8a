"""The demo's cable carries HTTP, and pulled it refuses at once."""

import http.server
import threading
from collections.abc import Iterator

import httpx
import pytest

from tongchu.demo.cable import Cable


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_pulled_cable_refuses_and_a_mended_one_carries_again(port: int) -> None:
    with Cable("127.0.0.1", port) as cable, httpx.Client(base_url=cable.url, trust_env=False, timeout=5) as client:
        assert client.get("/").text == "here"
        cable.cut()
        with pytest.raises(httpx.TransportError):
            client.get("/")
        cable.mend()
        assert client.get("/").text == "here"

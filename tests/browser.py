"""Owns a real Chromium for tests of head office's pages, driven by Playwright; called by fixtures of conftest.py."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from playwright.sync_api import Browser, sync_playwright

APT_LINE = "sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium fonts-noto-cjk"

# No sandbox: tests often run as root in a container. The rest keeps the browser silent on the network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """No Chromium is installed; the message says what to run."""


def browser_path() -> str:
    """Where this machine's Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise NoBrowserError(f"no Chromium on this machine; run: {APT_LINE}")


@contextlib.contextmanager
def running_chromium(*more_flags: str) -> Iterator[Browser]:
    """A headless browser; make a context and a page in it for each test."""
    path = browser_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *more_flags], headless=True)
        try:
            yield browser
        finally:
            browser.close()


BrowserInUse = Callable[[], AbstractContextManager[Browser]]


@contextlib.contextmanager
def shared_chromium() -> Iterator[BrowserInUse]:
    """One browser for many tests, each of which takes it for a block. Playwright leaves its event loop as the thread's running one for as long as the browser lives, and no
    other loop could run there: outside the blocks it is hidden."""
    with running_chromium() as browser:
        loop = asyncio._get_running_loop()

        @contextlib.contextmanager
        def in_use() -> Iterator[Browser]:
            asyncio._set_running_loop(loop)
            try:
                yield browser
            finally:
                asyncio._set_running_loop(None)

        asyncio._set_running_loop(None)
        try:
            yield in_use
        finally:
            asyncio._set_running_loop(loop)

"""The one word a scanner has for the status strip; apart from the port so that views need no serial library."""

from enum import StrEnum


class ScannerState(StrEnum):
    """ABSENT: no such device now. ERROR: the device is there and cannot be used (rights, settings)."""

    READY = "ready"
    ABSENT = "absent"
    ERROR = "error"

"""Everything that can go wrong between a receipt document and paper. Each module of this package maps what lies
below it (sockets, pyserial, pyusb, python-escpos, JSON) onto this tree; callers never see a lower error.

    PrinterError
    ├── DocumentUnprintable            the stored document cannot be read or laid out: a retry cannot help, the job fails
    ├── PrinterConfigurationError      address, profile or driver is wrong: a person must change the set-up
    └── PrinterFault                   the device, now; the same job may well succeed later
        ├── PrinterUnreachable         no connection, or it broke: cable, power, address
        ├── PrinterTimeout             connected, but it takes or answers nothing in time
        └── PrinterNotReady            it answers and says why not: cover open, cutter jammed, off line
            └── PaperOut

Words for people live in the presenters; `code` is the stable handle. The message is for the log and the technician.
"""

from typing import ClassVar


class PrinterError(Exception):
    """Anything this package raises on purpose."""

    code: ClassVar[str] = "printer_error"


class DocumentUnprintable(PrinterError):
    code = "document_unprintable"


class PrinterConfigurationError(PrinterError):
    code = "printer_configuration"


class PrinterFault(PrinterError):
    code = "printer_fault"


class PrinterUnreachable(PrinterFault):
    code = "printer_unreachable"


class PrinterTimeout(PrinterFault):
    code = "printer_timeout"


class PrinterNotReady(PrinterFault):
    code = "printer_not_ready"


class PaperOut(PrinterNotReady):
    code = "paper_out"

"""What hangs on the till besides the printer: scanners, real and simulated. Nothing here knows members or money."""

"""python-escpos's table of printer models, the one place that imports it.

Tidies up after that import: at every start it writes a cache into a new temporary folder and leaves it there.
"""

import os
import shutil

from escpos import capabilities

CAPABILITIES = capabilities.CAPABILITIES

if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:
    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)

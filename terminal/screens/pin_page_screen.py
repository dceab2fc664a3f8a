"""The screens "prove_pin" and "set_pin", which are one page: properties for pin_page.kv, no logic."""

from terminal.widgets.controls import TillScreen


class PinPageScreen(TillScreen):
    pass

"""The till's window: loads the layouts once, shows the screen that the till names, and brings touches, keys and the clock to it.

Owns Kivy's App, the widgets and the keyboard; decides nothing. Started by the composition root on the main thread.
"""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.lang import Builder
from kivy.metrics import Metrics
from kivy.properties import DictProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import NoTransition, ScreenManager
from kivy.uix.textinput import TextInput
from kivy.utils import get_color_from_hex

import terminal.widgets.labels  # noqa: F401 - the layouts name its classes
from terminal.screens.card_care_screen import CardCareScreen
from terminal.screens.cash_out_screen import CashOutScreen
from terminal.screens.deposits_screen import DepositsScreen
from terminal.screens.enrol_member_screen import EnrolMemberScreen
from terminal.screens.enrol_till_screen import EnrolTillScreen
from terminal.screens.findings_screen import FindingsScreen
from terminal.screens.front import Front
from terminal.screens.holdings_screen import HoldingsScreen
from terminal.screens.home_screen import HomeScreen
from terminal.screens.identify_screen import IdentifyScreen
from terminal.screens.keystrokes import Keystrokes
from terminal.screens.lock_screen import LockScreen
from terminal.screens.member_screen import MemberScreen
from terminal.screens.order_screen import OrderScreen
from terminal.screens.pin_page_screen import PinPageScreen
from terminal.screens.receipts_screen import ReceiptsScreen
from terminal.screens.redeem_screen import RedeemScreen
from terminal.screens.refund_screen import RefundScreen
from terminal.screens.result_screen import ResultScreen
from terminal.screens.shift_close_screen import ShiftCloseScreen
from terminal.screens.shift_open_screen import ShiftOpenScreen
from terminal.screens.strip_presenter import REFRESH_S
from terminal.screens.strip_screen import StatusStrip
from terminal.screens.take_back_screen import TakeBackScreen
from terminal.screens.top_up_screen import TopUpScreen
from terminal.theme import PALETTES, density_for
from terminal.widgets.controls import TillScreen
from terminal.widgets.look import colours, register_fonts

_FOLDER: Final = Path(__file__).parent
_SCREENS: Final[dict[str, type[TillScreen]]] = {
    "lock": LockScreen,
    "enrol_till": EnrolTillScreen,
    "shift_open": ShiftOpenScreen,
    "shift_close": ShiftCloseScreen,
    "home": HomeScreen,
    "identify": IdentifyScreen,
    "member": MemberScreen,
    "redeem": RedeemScreen,
    "top_up": TopUpScreen,
    "order": OrderScreen,
    "holdings": HoldingsScreen,
    "refund": RefundScreen,
    "enrol_member": EnrolMemberScreen,
    "receipts": ReceiptsScreen,
    "findings": FindingsScreen,
    "cash_out": CashOutScreen,
    "deposits": DepositsScreen,
    "card_care": CardCareScreen,
    "prove_pin": PinPageScreen,
    "set_pin": PinPageScreen,
    "take_back": TakeBackScreen,
    "result": ResultScreen,
}
_ENTER_KEYS: Final = (13, 271)
_BACKSPACE_KEY: Final = 8
_ESCAPE_KEY: Final = 27


def timer(delay_s: float, call: Callable[[], None], /) -> Callable[[], None]:
    """Once, on the UI thread; for presenters."""
    event = Clock.schedule_once(lambda _elapsed: call(), delay_s)
    return lambda: Clock.unschedule(event)


def post(call: Callable[[], None]) -> None:
    """Soon, on the UI thread; from any thread."""
    Clock.schedule_once(lambda _elapsed: call(), 0)


class TillWindow(App):
    """`colours` is what every layout draws with; replacing it repaints the window."""

    colours = DictProperty({})

    def __init__(
        self,
        front: Front,
        on_closed: Callable[[], None] = lambda: None,
        prepare_after_s: float = 0.5,
        monotonic_s: Callable[[], float] = time.monotonic,
        **properties: object,
    ) -> None:
        """`prepare_after_s`: how long after a front is served the screens not yet needed are made, one at a time. By `monotonic_s` a scanner types faster than a person."""
        super().__init__(**properties)
        self._monotonic_s = monotonic_s
        self._prepare_after_s = prepare_after_s
        self.title = "通储 Tongchu"
        self._front = front
        self._on_closed = on_closed
        self._keys = Keystrokes(timer, self._scanned, self._pressed)
        self._shell = BoxLayout(orientation="vertical")
        self._screens = ScreenManager(transition=NoTransition())

    def build(self) -> BoxLayout:
        Metrics.density = density_for(*Window.size)
        register_fonts()
        load_layouts()
        self._use_look()
        return self._shell

    def on_start(self) -> None:
        Window.bind(on_textinput=self._typed, on_key_down=self._key_down)
        Clock.schedule_interval(self._tick, REFRESH_S)
        self.serve(self._front)

    def on_stop(self) -> None:
        Clock.unschedule(self._tick)
        Clock.unschedule(self._prepare_next)
        Window.unbind(on_textinput=self._typed, on_key_down=self._key_down)
        self._on_closed()

    def serve(self, front: Front) -> None:
        """Shows this front from now on; the one before is forgotten."""
        self._front = front
        self._shell.clear_widgets()
        self._screens = ScreenManager(transition=NoTransition())
        if front.strip is not None:
            strip = StatusStrip(view=front.strip.build())
            front.strip.listen(lambda view: setattr(strip, "view", view))
            self._shell.add_widget(strip)
        self._shell.add_widget(self._screens)
        front.on_show = self._show
        front.on_look = self._use_look
        self._use_look()
        self.listen_to_keys()
        front.start()
        Clock.schedule_once(self._prepare_next, self._prepare_after_s)

    def listen_to_keys(self) -> None:
        """The window hears typing only while somebody holds the keyboard; a text field gives it back when it loses the focus."""
        Window.request_keyboard(lambda: None, self.root, "text")

    def screen(self, name: str) -> TillScreen:
        """The screen of that name, made when it is first needed."""
        if not self._screens.has_screen(name):
            presenter = self._front.presenters[name]
            screen = _SCREENS[name](name=name, presenter=presenter, view=presenter.build())
            presenter.listen(lambda view: setattr(screen, "view", view))
            self._screens.add_widget(screen)
        shown: TillScreen = self._screens.get_screen(name)
        return shown

    def _prepare_next(self, _elapsed: float) -> None:
        """Makes one screen in an idle moment, then asks for the next: later each is there at the first touch."""
        missing = next((name for name in self._front.presenters if not self._screens.has_screen(name)), None)
        if missing is not None:
            self.screen(missing)
            Clock.schedule_once(self._prepare_next, 0.05)
        else:
            gc.collect()
            gc.freeze()  # widgets live as long as the window: no later collection walks them while a key is pressed

    def _show(self, name: str) -> None:
        screen = self.screen(name)
        screen.view = self._front.presenters[name].build()
        self._screens.current = name
        self.listen_to_keys()

    def _use_look(self) -> None:
        theme = self._front.appearance.theme
        self.colours = colours(theme)
        Window.clearcolor = get_color_from_hex(PALETTES[theme].ground)

    def _tick(self, _elapsed: float) -> None:
        self._front.tick()

    def _scanned(self, text: str) -> None:
        self._front.scanned(text)

    def _pressed(self, key: str) -> None:
        self._front.press(key)

    def _typed(self, _window: Any, text: str) -> None:
        self._keys.text(text, self._monotonic_s(), to_field=self._field_has_focus())

    def _key_down(self, _window: Any, key: int, *_rest: object) -> bool:
        to_field = self._field_has_focus()
        if key in _ENTER_KEYS:
            self._keys.enter(self._monotonic_s(), to_field=to_field)
        elif key == _BACKSPACE_KEY and not to_field:
            self._keys.backspace()
        elif key == _ESCAPE_KEY:
            self._front.escape()
            return True  # Kivy would close the window
        return False

    def _field_has_focus(self) -> bool:
        screen = self._screens.current_screen
        fields = (widget for widget in screen.walk(restrict=True) if isinstance(widget, TextInput)) if screen else ()
        return any(field.focus for field in fields)


def load_layouts() -> None:
    """Each file once a process: loading one twice doubles every touch."""
    for path in [_FOLDER / "widgets" / "widgets.kv", *sorted((_FOLDER / "screens").glob("*.kv"))]:
        if str(path) not in Builder.files:
            Builder.load_file(str(path))

"""What fingers touch and what holds it: pressable boxes, the keypad pane, lists that keep their rows, the frame of a screen."""

from io import BytesIO

from kivy.core.image import Image as CoreImage
from kivy.factory import Factory
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.gridlayout import GridLayout
from kivy.uix.image import Image
from kivy.uix.screenmanager import Screen
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

from terminal.screens.keypad_view import NO_PAD
from terminal.screens.member_header import NOBODY
from terminal.screens.words import NO_NOTICE
from terminal.theme import RADIUS_CONTROL


class Column(BoxLayout):
    """Stacks downward and leaves no gap where a child has nothing to show: a height of 0, or not opaque at all."""

    def add_widget(self, widget: Widget, *args: object, **options: object) -> None:
        widget.fbind("opacity", self._trigger_layout)
        super().add_widget(widget, *args, **options)

    def do_layout(self, *_changed: object) -> None:
        shown = [child for child in self.children if _has_something(child)]
        sizes = [
            (child.size, child.size_hint, child.pos_hint, child.size_hint_min, child.size_hint_max) for child in shown
        ]
        for at, x, y, width, height in self._iterate_layout(sizes):
            child = shown[at]
            child.pos = x, y
            if child.size_hint_x is not None:
                child.width = width
            if child.size_hint_y is not None:
                child.height = height
        for child in self.children:
            if child not in shown and child.size_hint_y is not None:
                child.size = 0, 0


def _has_something(child: Widget) -> bool:
    return child.opacity > 0 and (child.size_hint_y is not None or child.height > 0)


class Pressable(ButtonBehavior, BoxLayout):
    """A box that answers a touch in the same frame. `fill`, `fill_down` and `edge` name colours of the theme."""

    fill = StringProperty("surface")
    fill_down = StringProperty("pressed")
    edge = StringProperty("line")
    corner = NumericProperty(RADIUS_CONTROL)


class TextButton(Pressable):
    text = StringProperty("")
    glyph = StringProperty("")
    ink = StringProperty("ink")
    bold = BooleanProperty(False)


class Tile(Pressable):
    """A tile of home: `item` is a TileView."""

    item = ObjectProperty(None, rebind=True)
    presenter = ObjectProperty(None)


class BigTile(Pressable):
    """One of the two things a till is for."""

    tone = StringProperty("redeem")
    glyph = StringProperty("")
    label = StringProperty("")
    hint = StringProperty("")


class DigitKey(Pressable):
    """A key without a sign is not there: it takes room, so that the others stay where they are."""

    text = StringProperty("")
    glyph = StringProperty("")
    key = StringProperty("")
    type_key = ObjectProperty(None)


class QuickButton(Pressable):
    item = ObjectProperty(None, rebind=True)
    presenter = ObjectProperty(None)


class ConfirmKey(Pressable):
    pad = ObjectProperty(NO_PAD, rebind=True)


class KeypadPane(BoxLayout):
    """The right half of every screen that types: display above, keys below, always in the same place."""

    pad = ObjectProperty(NO_PAD, rebind=True)
    type_key = ObjectProperty(None)


class Card(Column):
    fill = StringProperty("surface")
    edge = StringProperty("line")


class Pill(BoxLayout):
    """As wide as its text, at most `most` (0: no bound)."""

    text = StringProperty("")
    glyph = StringProperty("")
    ink = StringProperty("ink")
    fill = StringProperty("sunken")
    most = NumericProperty(0)


class Avatar(BoxLayout):
    text = StringProperty("")


class ScreenHead(BoxLayout):
    title = StringProperty("")
    back_text = StringProperty("")
    back = ObjectProperty(None)


class NoticeBox(Column):
    """Shows a Notice, takes no room without one; `act` is called by its button."""

    notice = ObjectProperty(NO_NOTICE, rebind=True)
    act = ObjectProperty(None, allownone=True)


class MemberBox(Card):
    """`whole`: with what is kept for tills, line by line."""

    header = ObjectProperty(NOBODY, rebind=True)
    whole = BooleanProperty(False)


class MemberLine(BoxLayout):
    fill = StringProperty("surface")
    edge = StringProperty("line")
    header = ObjectProperty(NOBODY, rebind=True)


class Figure(BoxLayout):
    """A caption and its value."""

    caption = StringProperty("")
    value = StringProperty("")
    ink = StringProperty("ink")


class Field(TextInput):
    """One line of typed text. The scanner's keys go to the window, not into a field that happens to have the focus."""


class TillScreen(Screen):
    """A screen shows its presenter's `view` and hands touches to `presenter`; nothing else."""

    view = ObjectProperty(None, rebind=True)
    presenter = ObjectProperty(None)


class Row(Pressable):
    """One row of a list: `item` is a frozen value of the view."""

    item = ObjectProperty(None, rebind=True)
    presenter = ObjectProperty(None)


class _Repeats:
    """Keeps one row widget an item: an item that changed is put into the row that is there, so nothing flickers."""

    def __init__(self, **properties: object) -> None:
        super().__init__(**properties)
        for name in ("items", "row_class", "presenter"):
            self.fbind(name, self._lay)  # type: ignore[attr-defined]  # of the layout that it is mixed into
        self._lay()

    def _lay(self, *_changed: object) -> None:
        rows = self.children[::-1]  # type: ignore[attr-defined]  # of the layout that it is mixed into
        items = self.items if self.row_class else ()  # type: ignore[attr-defined]  # of the layout that it is mixed into
        for row, item in zip(rows, items, strict=False):
            row.item, row.presenter = item, self.presenter  # type: ignore[attr-defined]  # of the layout that it is mixed into
        for surplus in rows[len(items) :]:
            self.remove_widget(surplus)  # type: ignore[attr-defined]  # of the layout that it is mixed into
        for item in items[len(rows) :]:
            self.add_widget(Factory.get(self.row_class)(item=item, presenter=self.presenter))  # type: ignore[attr-defined]  # of the layout that it is mixed into


class RepeatBox(_Repeats, BoxLayout):
    items = ListProperty([])
    row_class = StringProperty("")
    presenter = ObjectProperty(None)


class RepeatGrid(_Repeats, GridLayout):
    items = ListProperty([])
    row_class = StringProperty("")
    presenter = ObjectProperty(None)


class Picture(Image):
    """Shows PNG bytes."""

    png = ObjectProperty(b"")

    def on_png(self, _picture: object, png: bytes) -> None:
        self.texture = CoreImage(BytesIO(png), ext="png").texture if png else None


class StepRow(BoxLayout):
    """One numbered step of a short instruction: `item` is its text."""

    item = ObjectProperty("")
    presenter = ObjectProperty(None)
    number = StringProperty("")

    def on_parent(self, _row: object, parent: BoxLayout | None) -> None:
        if parent is not None:
            self.number = str(len(parent.children) + 1)


class ActionTile(Pressable):
    """What to do next, named and coloured by purpose."""

    tone = StringProperty("redeem")
    glyph = StringProperty("")
    label = StringProperty("")
    hint = StringProperty("")


class ConfirmButton(Pressable):
    """The one thing to do on a screen without a keypad."""

    tone = StringProperty("redeem")
    text = StringProperty("")
    glyph = StringProperty("")

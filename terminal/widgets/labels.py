"""Texts that keep to their box: one that shrinks before it is cut, one that shows an icon."""

from kivy.core.text import Label as CoreLabel
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.label import Label

from terminal.widgets.look import ICON_FONT, icon_text

_YUAN_BEARING = 0.11
"""The full-width ￥ has this much blank at its left; amounts hang out by it, so that they line up with the text above."""


class Words(Label):
    """One line, ellipsized in the middle when it must be. `ink` names a colour of the theme."""

    ink = StringProperty("ink")


class Tag(Label):
    """One line, as wide as its text; wider than `most` (0: no bound) it is ellipsized in the middle."""

    ink = StringProperty("ink")
    most = NumericProperty(0)

    def __init__(self, **properties: object) -> None:
        super().__init__(**properties)
        for name in ("text", "most", "font_size", "bold"):
            self.fbind(name, self._bound)
        self._bound()

    def _bound(self, *_changed: object) -> None:
        ruler = CoreLabel(font_size=self.font_size, font_name=self.font_name, bold=self.bold)
        wide, _high = ruler.get_extents(self.text or " ")
        self.text_size = (self.most, None) if 0 < self.most < wide else (None, None)


class Paragraph(Label):
    """Several lines; as high as its text."""

    ink = StringProperty("ink")


class FitWords(Label):
    """One line that shrinks from `largest` until it fits its width: for amounts, which must never lose a digit."""

    ink = StringProperty("ink")
    largest = NumericProperty("40sp")
    smallest = NumericProperty("14sp")
    hang = NumericProperty(0)

    def __init__(self, **properties: object) -> None:
        super().__init__(**properties)
        for name in ("text", "size", "largest", "bold", "halign"):
            self.fbind(name, self._fit)
        self._fit()

    def _fit(self, *_changed: object) -> None:
        room = self.width - self.padding[0] - self.padding[2]
        ruler = CoreLabel(font_size=self.largest, font_name=self.font_name, bold=self.bold)
        wide, _high = ruler.get_extents(self.text or " ")
        scale = min(1.0, room / wide) if wide > room > 0 else 1.0
        self.font_size = max(self.smallest, int(self.largest * scale))
        self.hang = -_YUAN_BEARING * self.font_size if self.halign == "left" and self.text.startswith("￥") else 0


class Icon(Label):
    """`glyph` is a name of icons.json."""

    glyph = StringProperty("")
    ink = StringProperty("ink")

    def __init__(self, **properties: object) -> None:
        super().__init__(font_name=ICON_FONT, **properties)
        self.fbind("glyph", self._show)
        self._show()

    def _show(self, *_changed: object) -> None:
        self.text = icon_text(self.glyph)

"""The status strip above every screen: properties for strip.kv, no logic."""

from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout


class StatusStrip(BoxLayout):
    view = ObjectProperty(None, rebind=True)


class ChipBox(BoxLayout):
    """`item` is a Chip."""

    item = ObjectProperty(None, rebind=True)
    presenter = ObjectProperty(None)

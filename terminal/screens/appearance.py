"""Language and theme as the cashier chose them, switched live. Tells whoever listens; owns no colour and no word."""

from collections.abc import Callable

from terminal.language import Language, Texts
from terminal.theme import ThemeName


class Appearance:
    def __init__(self, texts: Texts, theme: ThemeName) -> None:
        self.texts = texts
        self.theme = theme
        self._listener: Callable[[], None] = lambda: None

    def listen(self, listener: Callable[[], None]) -> None:
        self._listener = listener

    @property
    def other_language(self) -> str:
        """The language that a touch switches to, in its own words."""
        return "English" if self.texts.language is Language.ZH_CN else "中文"

    def next_language(self) -> None:
        self.texts.use(Language.EN if self.texts.language is Language.ZH_CN else Language.ZH_CN)
        self._listener()

    def next_theme(self) -> None:
        self.theme = ThemeName.DARK if self.theme is ThemeName.LIGHT else ThemeName.LIGHT
        self._listener()

"""The till's languages: gettext catalogues under `locale/`, chosen at run time and switched live. The source text is English; zh_CN is the default.

Owns the choice and the look-up, no words of its own. Presenters get one `Texts`; it keeps no thread and reads a catalogue once.
Catalogues are compiled by `pybabel compile -d terminal/locale -D till`; a test compares them with the source.
"""

import gettext
from enum import StrEnum
from pathlib import Path
from typing import Final

from stored_value.rulebook import Words

DOMAIN: Final = "till"
_LOCALE = Path(__file__).parent / "locale"


class Language(StrEnum):
    ZH_CN = "zh_CN"
    EN = "en"


class Texts:
    def __init__(self, language: Language = Language.ZH_CN) -> None:
        self.language = language
        self._catalogue = _load(language)

    def use(self, language: Language) -> None:
        if language is not self.language:
            self.language = language
            self._catalogue = _load(language)

    def t(self, message: str, **values: str | int) -> str:
        """The message in the chosen language, its `{names}` filled in."""
        found = self._catalogue.gettext(message)
        return found.format(**values) if values else found

    def n(self, one: str, many: str, count: int, **values: str | int) -> str:
        return self._catalogue.ngettext(one, many, count).format(count=count, **values)

    def words(self, words: Words) -> str:
        """A text that head office wrote in both languages."""
        return words.zh if self.language is Language.ZH_CN else words.en


def later(message: str) -> str:
    """Marks a message that stands in a table and is looked up where it is shown."""
    return message


def _load(language: Language) -> gettext.NullTranslations:
    if language is Language.EN:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, localedir=str(_LOCALE), languages=[language.value])

"""The rulebook's versions at head office: published once, signed, never changed, sent to every till (L8)."""

"""The till's own widgets: what several screens share. They draw values and report touches; they know no use-case, and nothing here imports a presenter."""

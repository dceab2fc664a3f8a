"""What crosses between machines, defined once: entries and their chain, keys and seals, the HTTP protocol, feed pages and snapshots. Both the till and head office import it."""

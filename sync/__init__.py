"""What crosses between machines, defined once for till and head office; touches no screen and no database."""

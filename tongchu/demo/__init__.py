"""The demo: a sample franchise whose day is played by real processes over real HTTP, and a witness that compares what was printed with what HQ says."""

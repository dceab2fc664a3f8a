"""From commits to readers: the outbox, the sequencer that numbers it into feeds and keeps the rollups, and the pages that tills fetch."""

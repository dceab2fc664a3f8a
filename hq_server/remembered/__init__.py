"""What tills tell a head office that came back from a backup: rulebooks that it lacks, and who may not pay (H1)."""

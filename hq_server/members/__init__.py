"""Members as head office knows them: personal data encrypted at rest, found by a blind index, shown to tills masked."""

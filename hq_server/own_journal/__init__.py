"""Head office's own journal: the events that no till makes (expiry, instalments, tier reviews, transfers, merges, standing), as real entries of a journal like a till's."""

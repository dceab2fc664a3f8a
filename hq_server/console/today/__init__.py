"""Today: what each store did so far, its tills, and what needs a person."""

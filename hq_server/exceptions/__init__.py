"""What needs a person: raised where it is found, kept until somebody says how it was settled."""

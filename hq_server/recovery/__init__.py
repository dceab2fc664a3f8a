"""Taking over from dead tills: leave given by a person, and the entries that the rescuing till brings."""

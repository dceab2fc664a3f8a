"""Tills: enrolling, stopping, and how far each has come."""

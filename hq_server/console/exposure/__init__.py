"""Exposure: what offline spending could cost now, and writing off what a till will never report."""

"""Every figure this project claims, measured again by `make bench`; each beside a floor measured in the same run."""

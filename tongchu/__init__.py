"""The command line, the demo and the simulation; the only floor that may import both till and head office."""

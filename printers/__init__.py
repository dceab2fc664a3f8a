"""Receipt documents, their bytes and the devices that take them; knows nothing of members, network or screens."""

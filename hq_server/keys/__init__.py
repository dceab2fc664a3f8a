"""Head office's secrets: the files they lie in, what they sign, and the keys derived from them.

Nothing here touches the database or the network.
"""

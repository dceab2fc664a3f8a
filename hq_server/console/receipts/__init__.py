"""One entry of a journal: the receipt, the bytes behind it and what came of them."""

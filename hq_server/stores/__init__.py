"""The stores of the franchise."""

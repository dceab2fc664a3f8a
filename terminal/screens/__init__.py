"""What the cashier sees: one screen is a layout (.kv), a short class of properties and a presenter that never imports Kivy."""

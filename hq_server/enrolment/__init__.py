"""How a till joins the franchise: a one-time code from the console, answered with who the till is and what it must trust."""

"""The till: journal, replica, use-cases, devices and screens; never imports head office."""

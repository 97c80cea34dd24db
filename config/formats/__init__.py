"""How the staff console writes dates and times."""

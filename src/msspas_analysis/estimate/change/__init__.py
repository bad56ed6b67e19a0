"""What moved in the same people: how far, in how many, and beyond what."""

"""Several studies of one question: their effects, what they say together, and how far they disagree."""

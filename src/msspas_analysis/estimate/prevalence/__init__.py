"""How common: shares of one group, of two, of a population that was drawn from, and of days."""

"""How well things are measured and what goes together: raters, occasions, items, two ways."""

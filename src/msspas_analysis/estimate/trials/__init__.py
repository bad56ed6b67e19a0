"""Arms beside each other: means, ranks, grades, yes or no, counts, and people as their own control."""

"""The same study many times over, and how often an analysis of it is wrong."""

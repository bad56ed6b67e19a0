"""Before anybody starts: how many people, and which design could answer the question."""

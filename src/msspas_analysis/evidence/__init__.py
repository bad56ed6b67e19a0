"""What was published: figures with their source, to stand beside what a centre or a trial shows."""

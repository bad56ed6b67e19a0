"""What was published: figures with their source, to stand beside what a centre or a trial shows."""

from msspas_analysis.evidence.library import load

__all__ = ["load"]

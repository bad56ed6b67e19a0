"""Studies run again in worlds whose truth is known, to see how often they are printed as they were."""

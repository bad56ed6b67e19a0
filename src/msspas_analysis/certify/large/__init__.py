"""Diaries larger than memory: a folder of files split by person, read once, summed up."""

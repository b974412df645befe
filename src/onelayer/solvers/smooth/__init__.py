"""Solvers of smooth objectives, which see J and its derivatives alone."""

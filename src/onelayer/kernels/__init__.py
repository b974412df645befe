"""Numba kernels: serial loops over a range of rows that release the GIL."""

"""Files of arrays, NumPy, HDF5, IDX and LIBSVM: which kind a file is, and its X and y."""

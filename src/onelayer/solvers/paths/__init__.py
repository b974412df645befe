"""Many penalties and many folds: what they share is read and factored once."""

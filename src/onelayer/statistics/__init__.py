"""What the coefficients are worth: separation, and Firth's correction."""

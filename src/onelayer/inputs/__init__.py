"""What makes a row of X from what a person has: learnt once, used in training and ever after."""

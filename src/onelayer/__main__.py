"""`python -m onelayer` is `onelayer`."""

from onelayer.cli import main

main()

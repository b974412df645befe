"""Tables of results for people, in the formats that people want them in."""

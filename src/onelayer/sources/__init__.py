"""What a person points at, a folder, a table, arrays or a set by name, becomes examples."""

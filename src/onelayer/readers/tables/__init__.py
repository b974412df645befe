"""Files of tables, CSV and Parquet, become Arrow columns, and their cells numbers or text."""

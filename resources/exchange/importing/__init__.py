"""Records become rows: in parts, each checked as if it were typed in. Leans on the records and the report beside it."""

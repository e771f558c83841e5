"""What is known of a request: its id, who sent it, how long it took, and its line in the log. Leans on nothing."""

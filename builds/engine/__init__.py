"""A build from claim to end. Leans on all other rooms of builds but deploy."""

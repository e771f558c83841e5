"""One resource as the site sees it, as plain values. Leans on resources."""

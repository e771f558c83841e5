"""What is published: resources, categories, and the files that they come in and go out by. Leans on teams and ghost.core."""

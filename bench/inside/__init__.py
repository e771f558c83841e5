"""What is measured from within a process where Django is set up; the bench beside it starts it."""

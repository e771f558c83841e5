"""What breaks in real installations is seen wherever an operator or a machine looks, and goes by itself."""

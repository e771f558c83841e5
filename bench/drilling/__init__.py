"""The parts of drill.py: who is killed, who writes, and what is left afterwards."""

"""What Ghost counts and times, for monitors: counters and the slowest calls of late. Leans on core.db.

Each process counts in its memory, and writes that down together every few seconds: no request waits
for it, a process that is killed loses seconds, and one that ends in order loses nothing.
"""

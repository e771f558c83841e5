"""Text for people: plain lines, durations, stored reasons. Leans on nothing."""

"""What a monitor asks, and the tasks whose memory is looked at."""

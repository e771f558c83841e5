"""How busy each host was, minute by minute: CPU, memory, load, disks, and what Ghost's processes take. Leans on core."""

"""`make run`: a catalog with a real swarm on loopback. Leans on every app, and on no other room of ghost but core."""

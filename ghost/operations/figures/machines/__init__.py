"""How the hosts stand: their processes, disks, memory and programs. Leans on heartbeats and samples."""

"""What a start puts right before Ghost works by itself. Leans on alerts, backups and schedules."""

"""What a host does every few seconds, whatever its workers are busy with. Leans on figures, alerts, channels and samples."""

"""What dashboards ask for, put together from the figures and from rows. Leans on figures and stats."""

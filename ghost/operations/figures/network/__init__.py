"""How what is outside stands: the DHT and its swarms, services that are left alone, and the channels. Leans on figures.machines."""

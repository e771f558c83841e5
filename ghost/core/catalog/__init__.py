"""The revision of what is public: every write that changes it moves it, builds compare. Leans on core.jobs."""

"""Base classes of the operators' pages. Leans on core.audit."""

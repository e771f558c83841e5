"""Who may publish: tokens, teams, roles and the policy. Leans on ghost.core."""

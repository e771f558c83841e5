"""What the API's schema is made of: shapes, parameters, headers, and the sentences about values that don't fit. Leans on nothing."""

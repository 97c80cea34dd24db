"""The API's resources: for each address, what it takes and what it does."""

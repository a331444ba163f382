"""The networks and their training: torch and skorch, no strings, no scikit-learn."""

"""Programs that measure the package. Run them from the root of a checkout."""

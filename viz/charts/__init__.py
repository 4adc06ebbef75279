"""Everything with axes."""

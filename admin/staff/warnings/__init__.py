"""REST: what the caller's office has been told of clocks that run down."""

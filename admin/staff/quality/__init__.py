"""REST: findings of the quality check, and what is written out of them."""

"""What the product costs, measured on one machine in one run."""

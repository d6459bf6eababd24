"""Who answers: one contract, and a backend for each kind of model server."""

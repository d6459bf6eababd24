"""How clients talk to us: one folder per dialect, and what the dialects share."""

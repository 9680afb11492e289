"""Moving pictures of trials: how frames are composed and written to files."""

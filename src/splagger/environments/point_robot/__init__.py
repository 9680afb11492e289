"""Points that are steered to a place they must find out."""

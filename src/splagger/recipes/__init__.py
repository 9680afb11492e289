"""Named settings, and builders that turn settings into objects."""

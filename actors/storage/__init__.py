"""Where bars rest."""

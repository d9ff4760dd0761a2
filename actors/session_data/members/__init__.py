"""Who belongs to the session: joining it, leaving it, being kept in it, catching up."""

"""Whose word goes about trading hours: that of exchange_calendars, of the house, or of the user."""

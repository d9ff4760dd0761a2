"""Everybody whose bars can be had: a folder a vendor, or one file for who only writes files of one kind."""

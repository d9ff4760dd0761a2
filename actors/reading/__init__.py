"""Bytes and text into columns, whoever wrote them: pure, and the same for every vendor."""

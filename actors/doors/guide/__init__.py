"""The manual: chapters of Markdown, each a job that somebody has, as the terminal and the page show them."""

"""Many files into a store: which rows are bars, of which day, and what became of every one of them."""

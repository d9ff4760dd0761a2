"""What a file is that is none of bars, and what to do with it, as its first bytes say."""

from actors.reading.peek import Head

_AS_TEXT = "save the sheet as CSV and import that"
_PACKED = "unpack it and import what is in it"
_PANDAS = "read it with pandas and write it with to_parquet()"
_KINDS = (
    (b"\xd0\xcf\x11\xe0", f"an old Excel workbook (.xls): {_AS_TEXT}"),
    (b"7z\xbc\xaf", f"a 7z archive: {_PACKED}"),
    (b"Rar!", f"a RAR archive: {_PACKED}"),
    (b"\x1f\x8b", f"an archive within an archive: {_PACKED}"),
    (b"PK\x03\x04", f"an archive within an archive: {_PACKED}"),
    (b"\x89HDF", f"HDF5: {_PANDAS}"),
    (b"\x80\x02", f"a pickle of Python: {_PANDAS}"),
    (b"\x80\x03", f"a pickle of Python: {_PANDAS}"),
    (b"\x80\x04", f"a pickle of Python: {_PANDAS}"),
    (b"\x80\x05", f"a pickle of Python: {_PANDAS}"),
    (b"\x93NUM", f"an array of NumPy: {_PANDAS}"),
    (b"SQLi", "a database of SQLite: write its table as CSV and import that"),
    (b"ORC", f"ORC: {_PANDAS}"),
    (b"Obj\x01", f"Avro: {_PANDAS}"),
    (b"%PDF", "a PDF: import the table as CSV"),
)


def of(head: Head) -> str:
    """Return what a file is and what to do with it, empty where that is not known."""
    if any(name == "xl/workbook.xml" for name in head.members):
        return f"an Excel workbook (.xlsx): {_AS_TEXT}"
    if "content.xml" in head.members and "mimetype" in head.members:
        return f"an OpenDocument sheet (.ods): {_AS_TEXT}"
    if head.is_tar:
        return f"a tar archive: {_PACKED}"
    if head.text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        return "a web page and no table: download the file itself, or save the sheet as CSV"
    return next((told for begin, told in _KINDS if not head.is_text and head.begins.startswith(begin)), "")

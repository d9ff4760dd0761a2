"""What a bucket says when it refuses or cannot be reached, as one sentence."""

import re

_MACHINE_S_OWN = "http://169.254.169.254/"
"""Where a machine of the cloud finds its own keys (RFC 3927 keeps the address to the link)."""
_NO_KEYS = (_MACHINE_S_OWN, "Account must be specified")
_AZURE = "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
_AMAZON = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_KEYS = {"s3": _AMAZON, "s3a": _AMAZON, "gs": "GOOGLE_APPLICATION_CREDENTIALS"}


def told(error: BaseException, kind: str) -> str:
    """Return what a bucket says, without its page of XML, in which there may be the name of a key."""
    text = str(error)
    code, message = re.search(r"<Code>(\w+)</Code>", text), re.search(r"<Message>([^<]*)</Message>", text)
    if code is not None:
        return f"{code[1]}: {message[1]}" if message is not None else code[1]
    if any(words in text for words in _NO_KEYS):  # a machine of the cloud, which may have them, is asked last
        return f"no keys to it are in the environment, such as {_KEYS.get(kind, _AZURE)}"
    return " ".join(re.split(r"<|\bDebug source:", text)[0].split())

"""Labels as text: the label of a task may be of any type."""

from typing import Any

from mqsql.values.codec import encode_document


def label_text(label: Any) -> str | None:
    """The text of a label; JSON for one that is no text, None for none."""
    return label if label is None or type(label) is str else encode_document(label)

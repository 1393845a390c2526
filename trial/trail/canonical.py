"""The text of rows and acts as each engine writes it, for the ledger and for whoever verifies it.

Columns that are empty are left out, so that a column that is added later changes no text of before.
"""

from collections.abc import Sequence

EVENTS, CHANGES, LEAVES, UNCLAIMED, UNDERWAY = (
    "trial_trailevent",
    "trial_trailchange",
    "trial_ledgerleaf",
    "trial_unclaimedversion",
    "trial_hidingunderway",
)
# SQLite takes 127 arguments in a function, two for each column here.
_AT_ONCE = 60


def row_text(vendor: str, alias: str, columns: Sequence[str]) -> str:
    """An SQL expression for the text (JSON, without what is NULL) of the row that `alias` names. Columns are
    sorted: their order in a model and in a migration may differ."""
    if vendor == "postgresql":
        return f"jsonb_strip_nulls(to_jsonb({alias}))::text"
    text = "'{}'"
    named = sorted(columns)
    for start in range(0, len(named), _AT_ONCE):
        pairs = (f"""'{column}', {alias}."{column}\"""" for column in named[start : start + _AT_ONCE])
        text = f"json_patch({text}, json_object({', '.join(pairs)}))"
    return text


def hash_of(vendor: str, text: str) -> str:
    """An SQL expression for the SHA-256 of a text, in hexadecimal."""
    if vendor == "postgresql":
        return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return f"chimera_hash({text})"


def leaf_of(vendor: str, payload: str) -> str:
    """An SQL expression for the leaf hash (RFC 9162) of a payload, in hexadecimal."""
    if vendor == "postgresql":
        return f"encode(sha256('\\x00'::bytea || convert_to({payload}, 'UTF8')), 'hex')"
    return f"chimera_leaf({payload})"


def payload_text(
    vendor: str, event: str, event_columns: Sequence[str], change_columns: Sequence[str], versions: str
) -> str:
    """An SQL expression for the payload of the event that the alias `event` names: the event, its changes,
    the versions that `versions` (a condition on the alias `v`) claims, and what the database knows itself."""
    if vendor == "postgresql":
        return f"""jsonb_build_object(
    'event', jsonb_strip_nulls(to_jsonb({event})),
    'changes', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(c)) ORDER BY c.id), '[]')
      FROM {CHANGES} c WHERE c.event_id = {event}.act),
    'versions', (SELECT
        coalesce(jsonb_agg(jsonb_build_array(v."table", v.version, v.hash) ORDER BY v.id), '[]')
      FROM {UNCLAIMED} v WHERE {versions}),
    'transaction', pg_current_xact_id()::text::bigint, 'db_time', clock_timestamp(),
    'db_user', session_user)::text"""
    change = row_text(vendor, "c", change_columns)
    return f"""json_object(
    'event', json({row_text(vendor, event, event_columns)}),
    'changes', json((SELECT json_group_array(json({change}))
      FROM (SELECT * FROM {CHANGES} WHERE event_id = {event}.act ORDER BY id) c)),
    'versions', json((SELECT json_group_array(json_array(v."table", v.version, v.hash))
      FROM (SELECT * FROM {UNCLAIMED} v WHERE {versions} ORDER BY v.id) v)),
    'db_time', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"""

"""Parts of MongoDB that are refused in a query, each with what to write instead."""

from collections.abc import Mapping
from typing import Any

from mqsql.errors import short_repr

_UPDATES = """
    $set $unset $inc $mul $rename $setOnInsert $currentDate $push $pushAll $addToSet $pop $pull $pullAll $each $position
    $bit
""".split()
_STAGES = """
    $match $group $project $lookup $unwind $sort $skip $count $addFields $replaceRoot $replaceWith $facet $bucket
    $bucketAuto $sortByCount $graphLookup $merge $out $sample $unionWith $redact $geoNear $setWindowFields $densify $fill
    $collStats $indexStats $documents $search
""".split()
_MAPS = '$near $nearSphere $geoWithin $geoIntersects $within $box $center $centerSphere $polygon $geometry'.split()
_PATTERNS = '$like $ilike $contains $startsWith $endsWith $search'.split()

REFUSED: Mapping[str, str] = {
    '$where': 'runs JavaScript, and there is none here; $expr compares keys',
    '$text': 'needs a text index, and there is none here; $regex and $glob search a text',
    **dict.fromkeys(_MAPS, 'asks for places on a map, and records have none'),
    **dict.fromkeys(_STAGES, 'is a stage of a pipeline; a query is what its $match takes'),
    **dict.fromkeys(_UPDATES, 'is an update operator, and a query changes nothing; update_record(key, changes) does'),
    **dict.fromkeys(_PATTERNS, 'is not an operator; $regex and $glob search a text'),
    '$limit': 'is a stage of a pipeline; write limit=… as an option',
    '$sort': 'is a stage of a pipeline; write sort=… as an option',
    '$skip': 'is a stage of a pipeline; write skip=… as an option',
    '$project': 'is a stage of a pipeline; write projection=… as an option',
    '$orderby': 'is not an operator; write sort=… as an option',
    '$query': 'is not an operator; write the query without it',
    '$sampleRate': 'chooses at random, which is not supported',
    '$between': 'is not an operator; write $gte and $lt',
    '$isNull': 'is not an operator; None is equal to what is missing',
    '$meta': 'is about text search, which is not supported',
}
"""Operators that are known and refused in a query, and why."""


def no_query(given: Any) -> str:
    """The message for a query that is not a dict."""
    said = f'a query is a dict, not {short_repr(given)}'
    if isinstance(given, str):
        return f'{said}; json.loads(text) makes one of JSON'
    if isinstance(given, list):
        return f'{said}; a pipeline cannot be run, but what its $match takes is a query'
    return said


def misplaced(name: str, *, under_key: bool) -> str:
    """The message for a known operator in the wrong place."""
    if under_key:
        return f"{name} cannot be under a key; write it where a key would be: {{'{name}': …}}"
    return f"{name} cannot be where a key would be; write it under one: {{'key': {{'{name}': …}}}}"


def no_step(step: str) -> str:
    """A hint for a step that a path of a projection cannot have, such as the $ in 'grades.$'."""
    return "; {'grades': {'$elemMatch': {…}}} returns the first element that matches" if step in ('$', '$[]') else ''

"""Whether a value is right for its setting, and plain words for what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Any, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from smcollapse.study import Study, member_of, members

_RULES = {
    "missing": "must be given",
    "greater_than_equal": "must be ≥ {ge}",
    "greater_than": "must be > {gt}",
    "less_than_equal": "must be ≤ {le}",
    "less_than": "must be < {lt}",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be letters, digits, '-' and '_', the first a letter or digit",
    "string_too_short": "must not be empty",
    "too_short": "must hold at least {min_length} value",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": "must be a text in quotes",
    "tuple": "must be a list",
    "model": "must be a table",
}
"""What to write instead, by pydantic's name of the error or by the type in front of it."""


def value_problem(path: str, value: Any, kind: Any = None) -> str | None:
    """What is wrong with a value for the setting at that path, None if nothing.

    What any kind of the part allows is right, unless its kind is given.
    """
    part, name = path.split(".")
    if name == "kind":
        kinds = [str(member.model_fields["kind"].default) for member in members(part)]
        known = ", ".join(f"'{known}'" for known in kinds)
        return None if value in kinds else f"must be one of {known} (got {shown(value)})"
    only = None if kind is None else member_of(part, kind)
    reasons = [
        _value_reason(member.model_fields[name], value)
        for member in ([only] if only else members(part))
        if name in member.model_fields
    ]
    return None if None in reasons else next(iter(reasons), None)


def option_problem(name: str, value: Any) -> str | None:
    """What is wrong with a value for a field of the study itself, such as `replicates`."""
    return _value_reason(Study.model_fields[name], value)


def holds_list(path: str) -> bool:
    """Whether the setting at that path is itself a list."""
    part, name = path.split(".")
    fields = [m.model_fields[name] for m in members(part) if name in m.model_fields]
    return any(get_origin(field.annotation) is tuple for field in fields)


def _value_reason(field: FieldInfo, value: Any) -> str | None:
    """Pydantic would take "0.3" and true for numbers; a study file may not write them so."""
    if field.annotation is int and isinstance(value, float) and value.is_integer():
        value = int(value)  # 2e4 is a whole number
    annotation: Any = field.annotation
    if field.metadata:
        annotation = Annotated[annotation, *field.metadata]
    config = ConfigDict(allow_inf_nan=False, strict=True)
    try:
        TypeAdapter(annotation, config=config).validate_python(
            tuple(value) if isinstance(value, list) else value
        )
    except ValidationError as error:
        return reason_of(error.errors(include_url=False)[0])
    return None


def reason_of(item: ErrorDetails) -> str:
    """What is wrong by a finding of pydantic's, with what was written."""
    kind, context, value = item["type"], item.get("ctx", {}), item["input"]
    if kind == "value_error":
        return str(item["msg"]).removeprefix("Value error, ")
    got = "" if kind == "missing" or isinstance(value, dict) else f" (got {shown(value)})"
    rule = _RULES.get(kind) or _RULES.get(kind.split("_")[0])
    if rule is None:
        return f"{item['msg']}{got}"
    return rule.format(**{name: _number(bound) for name, bound in context.items()}) + got


def _number(bound: Any) -> Any:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def shown(value: Any) -> str:
    """A value as it was written, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str | list | dict) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"

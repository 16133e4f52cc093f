"""Texts for people, in every language the product speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import SerializationInfo

Language = Literal["en", "nl"]
"""The languages of the product; Dutch and English are equals."""


def whole(value: int, lang: str) -> str:
    """Write a whole number with the thousands separator of ``lang``: ``50,000`` in English, ``50.000`` in Dutch."""
    text = f"{value:,}"
    return text.replace(",", ".") if lang.lower().startswith("nl") else text


class Text(BaseModel):
    """One message in English and Dutch.

    Serialised with ``context={"lang": "nl"}`` (or ``"en"``) it becomes a plain string, which is what
    every answer of the gateway carries; without a context both languages are kept, which is what the
    store and frozen reports need. Validating a plain string gives the same text in both languages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    nl: str

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"en": value, "nl": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _serialise(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        context = info.context
        if isinstance(context, Mapping) and "lang" in context:
            return self.say(context["lang"])
        return handler(self)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """On the wire a text is a string in the reader's language."""
        return {"type": "string"}

    def say(self, lang: str = "en") -> str:
        """Give the text in ``lang``; any language but Dutch gets English."""
        return self.nl if lang.lower().startswith("nl") else self.en

    def __str__(self) -> str:
        return self.en

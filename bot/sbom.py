"""`zicha sbom`: what this installation is built from, as CycloneDX JSON, read off the metadata of what is installed.

Must not know where packages come from.
"""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from importlib.metadata import Distribution, PackageNotFoundError
from typing import Any

PRODUCT, EXTRAS = "zicha", frozenset({"postgres"})
SPEC = "1.5"
"""https://cyclonedx.org/docs/1.5/json/"""
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_BSD = re.compile(r"Redistribution and use in source and binary forms(?s:.+)Neither the name")
_GENERATED = uuid.UUID("6f6f5d3c-4a0f-4a57-9a3e-9a1f1c9a2b77")


def document(at: datetime) -> dict[str, Any]:
    """The bill of materials of what is installed: components with licences, and who depends on whom."""
    found = installed()
    own = found.pop(PRODUCT)
    components = [_component(one) for _, one in sorted(found.items())]
    depends = [_depends(one, {PRODUCT: own, **found}) for one in (own, *(one for _, one in sorted(found.items())))]
    serial = uuid.uuid5(_GENERATED, json.dumps(components, sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {**_component(own), "type": "application"},
        },
        "components": components,
        "dependencies": depends,
    }


def installed() -> dict[str, Distribution]:
    """The product and everything it needs that is here, by normal name. What another system or processor would need as
    well is not here and left out."""
    found: dict[str, Distribution] = {}
    waiting = [PRODUCT]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except PackageNotFoundError:
            continue
        waiting += needs(found[name])
    return found


def needs(one: Distribution) -> Iterator[str]:
    """The normal names of what a package requires; of the extras those of this product and of its needs."""
    for line in one.requires or ():
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        if extra and not (normal(one.metadata["Name"]) == PRODUCT and extra[1] in EXTRAS):
            continue
        if name := _NAME.match(requirement.strip()):
            yield normal(name[0])
            if "[binary]" in requirement:
                yield f"{normal(name[0])}-binary"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(one: Distribution) -> str:
    """As its metadata tell: an SPDX expression, the old field where it is short, or the classifier."""
    told = one.metadata
    said = next((told[field] for field in ("License-Expression", "License") if field in told), "")
    if said and "\n" not in said and len(said) <= 60:
        return str(said)
    classified = [c.rsplit("::", 1)[-1].strip() for c in told.get_all("Classifier") or () if c.startswith("License")]
    if classified:
        return str(classified[0])
    return "BSD-3-Clause" if _BSD.search(str(said)) else str(said).split("\n", 1)[0][:60]


def _component(one: Distribution) -> dict[str, Any]:
    name, version = normal(one.metadata["Name"]), one.version
    told = licence(one)
    return {
        "type": "library",
        "bom-ref": _ref(one),
        "name": name,
        "version": version,
        "purl": _ref(one),
        **({"licenses": [{"license": {"name": told}}]} if told else {}),
    }


def _depends(one: Distribution, known: dict[str, Distribution]) -> dict[str, Any]:
    return {"ref": _ref(one), "dependsOn": sorted({_ref(known[name]) for name in needs(one) if name in known})}


def _ref(one: Distribution) -> str:
    return f"pkg:pypi/{normal(one.metadata['Name'])}@{one.version}"

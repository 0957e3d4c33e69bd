#!/usr/bin/env python3
"""Makes schema.json of this folder from a checkout of github.com/ocsf/ocsf-schema: a JSON Schema of the classes that the record is exported as.

usage: compile.py CHECKOUT > schema.json        (a checkout of tag 1.8.0)
"""
import json
import pathlib
import sys

CLASSES = ["detection_finding", "remediation_activity", "entity_management"]
root = pathlib.Path(sys.argv[1])


def load(path):
    return json.loads((root / path).read_text(encoding="utf-8"))


dictionary = load("dictionary.json")
types = dictionary["types"]["attributes"]
files = [json.loads(f.read_text(encoding="utf-8")) for f in (root / "events").rglob("*.json")]
events = {e["name"]: e for e in files if "name" in e}
objects = {o["name"]: o for o in (json.loads(f.read_text(encoding="utf-8")) for f in (root / "objects").glob("*.json"))}
categories = load("categories.json")["attributes"]
observables = {0, 99} | {t["observable"] for t in types.values() if "observable" in t}
observables |= {a["observable"] for a in dictionary["attributes"].values() if "observable" in a}
observables |= {o["observable"] for o in objects.values() if "observable" in o}
for thing in [*objects.values(), *events.values()]:
    observables |= {a["observable"] for a in thing.get("attributes", {}).values() if isinstance(a, dict) and "observable" in a}
wanted, made = [], {}


def attributes(thing, all_of):
    """Attributes with those inherited; what a profile adds is allowed and never required, since no profile is applied."""
    found = {}
    if "extends" in thing:
        found = attributes(all_of[thing["extends"]], all_of)
    for include in thing.get("attributes", {}).get("$include", []):
        for name, attribute in load(include)["attributes"].items():
            if name != "$include":
                found[name] = {**found.get(name, {}), **attribute, "requirement": "optional"}
    for name, attribute in thing.get("attributes", {}).items():
        if name == "$include":
            continue
        known = found.get(name, {})
        found[name] = {**known, **attribute}
        if "enum" in known or "enum" in attribute:
            found[name]["enum"] = {**known.get("enum", {}), **attribute.get("enum", {})}
    return found


def constraints(thing, all_of):
    inherited = constraints(all_of[thing["extends"]], all_of) if "extends" in thing else {}
    return {**inherited, **thing.get("constraints", {})}


def of_type(name):
    if name == "json_t":
        return {}
    if name not in types:
        if name not in made:
            made[name] = True
            wanted.append(name)
        return {"$ref": f"#/$defs/{name}"}
    definition, base = types[name], name
    while "type" in types[base]:
        base = types[base]["type"]
    schema = {"type": {"boolean_t": "boolean", "float_t": "number", "integer_t": "integer", "long_t": "integer", "string_t": "string"}[base]}
    if "regex" in definition:
        schema["pattern"] = definition["regex"]
    if "max_len" in definition:
        schema["maxLength"] = definition["max_len"]
    if "range" in definition:
        schema["minimum"], schema["maximum"] = definition["range"]
    return schema


def schema_of(thing, all_of, fixed=None):
    properties, required = {}, []
    for name, attribute in sorted(attributes(thing, all_of).items()):
        general = dictionary["attributes"].get(name)
        if general is None:
            continue  # of an extension
        schema = of_type(attribute.get("type", general["type"]))
        values = {**general.get("enum", {}), **attribute.get("enum", {})}
        if name == "type_id" and thing["name"] == "observable":
            values = {str(n): None for n in observables}
        if values and schema.get("type") == "integer":
            schema = {"enum": sorted(int(v) for v in values)}
        elif values and schema.get("type") == "string":
            schema = {"enum": sorted(values)}
        if fixed and name in fixed:
            schema = {"enum": fixed[name]}
        if attribute.get("is_array", general.get("is_array", False)):
            schema = {"type": "array", "items": schema}
        properties[name] = schema
        if attribute.get("requirement") == "required":
            required.append(name)
    made_of = {"type": "object", "properties": properties, "required": sorted(required), "additionalProperties": not properties}
    for kind, names in constraints(thing, all_of).items():
        made_of["anyOf" if kind == "at_least_one" else "oneOf"] = [{"required": [n]} for n in names]
    return made_of


def event_schema(name):
    event, category, parent = events[name], None, events[name]
    while category is None:
        category, parent = parent.get("category"), events.get(parent.get("extends"))
    group = categories[category]["uid"]
    uid = group * 1000 + event["uid"]
    activities = sorted({*map(int, attributes(event, events)["activity_id"]["enum"]), 0, 99})
    fixed = {"class_uid": [uid], "category_uid": [group], "activity_id": activities, "type_uid": [uid * 100 + a for a in activities]}
    return uid, schema_of(event, events, fixed)


classes, definitions = {}, {}
for name in CLASSES:
    uid, schema = event_schema(name)
    classes[str(uid)] = schema
while wanted:
    name = wanted.pop()
    definitions[name] = schema_of(objects[name], objects)
print(
    json.dumps(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$comment": "OCSF " + load("version.json")["version"] + ", compiled by compile.py",
            "oneOf": [{"$ref": f"#/$defs/class_{uid}"} for uid in classes],
            "$defs": {**{f"class_{uid}": schema for uid, schema in classes.items()}, **dict(sorted(definitions.items()))},
        },
        separators=(",", ":"),
    )
)

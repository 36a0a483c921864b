#!/usr/bin/env python3
"""HTTP: what server/routes.cpp serves is what server/openapi.yaml promises, and the document is well formed."""

import re

import yaml

from source_text import blank_cpp
from tree import Finding, line_at, main

ROUTES = "server/routes.cpp"
DOCUMENT = "server/openapi.yaml"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ROUTE = re.compile(r'\{\s*(?:boost::beast::)?http::verb::(\w+)\s*,\s*"([^"]*)"')


def served(tree):
    """(method, path) → line in routes.cpp."""
    text = blank_cpp(tree.text(ROUTES), keep_strings=True)
    return {(m.group(1).rstrip("_"), m.group(2)): line_at(text, m.start(1)) for m in ROUTE.finditer(text)}


def line_of_path(tree, path):
    for number, line in tree.lines(DOCUMENT):
        if re.match(rf"""\s+["']?{re.escape(path)}["']?\s*:""", line):
            return number
    return 0


def check_form(tree, document):
    """Findings about the document alone."""
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        return [Finding(DOCUMENT, 1, 'is no OpenAPI 3 document; begin with "openapi: 3.0.3"')]
    if not isinstance(document.get("paths"), dict):
        return [Finding(DOCUMENT, 0, "has no paths; list every route under paths:")]
    findings = []
    for path, operations in document["paths"].items():
        line = line_of_path(tree, path)
        if not str(path).startswith("/"):
            findings.append(Finding(DOCUMENT, line, f"the path {path} does not begin with '/'"))
        for method, operation in (operations or {}).items():
            if method not in METHODS and method not in ("parameters", "summary", "description"):
                findings.append(Finding(DOCUMENT, line, f"{path}: {method} is no HTTP method"))
            elif method in METHODS and not (isinstance(operation, dict) and operation.get("responses")):
                findings.append(Finding(DOCUMENT, line, f"{method} {path} tells no responses; say what comes back"))
    return findings


def promised(document):
    paths = document.get("paths") or {}
    return {(method, path) for path, operations in paths.items() for method in operations or {} if method in METHODS}


def check(tree):
    if not tree.exists(DOCUMENT):
        return [Finding(DOCUMENT, 0, "is missing; it is the contract of the HTTP interface")]
    try:
        document = yaml.safe_load(tree.text(DOCUMENT))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [Finding(DOCUMENT, mark.line + 1 if mark else 0, f"is no YAML ({getattr(error, 'problem', error)})")]
    findings = check_form(tree, document)
    if findings or not tree.exists(ROUTES):
        return findings
    routes = served(tree)
    if not routes:
        return [Finding(ROUTES, 0, 'no route found; write one per line as {http::verb::get, "/path", ...}')]
    for (method, path), line in routes.items():
        if (method, path) not in promised(document):
            findings.append(Finding(ROUTES, line, f"{method} {path} is not in {DOCUMENT}; describe it there"))
    for method, path in sorted(promised(document) - routes.keys()):
        findings.append(Finding(DOCUMENT, line_of_path(tree, path),
                                f"{method} {path} is not in {ROUTES}; serve it or take it out"))
    return findings


if __name__ == "__main__":
    main(check)

"""Names of attributes and metrics that the published semantic conventions do not have, stable or in development, one per line.

usage: check_names.py NAME…
"""

import importlib
import pkgutil
import sys

import opentelemetry.semconv._incubating.attributes
import opentelemetry.semconv._incubating.metrics
import opentelemetry.semconv.attributes
import opentelemetry.semconv.metrics


def published():
    """Names, and the beginnings of those that end in a key of the user's."""
    names, templates = set(), set()
    stable, developing = opentelemetry.semconv, opentelemetry.semconv._incubating
    for package in (stable.attributes, developing.attributes, stable.metrics, developing.metrics):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for constant, value in vars(importlib.import_module(module.name)).items():
                if constant.isupper() and isinstance(value, str):
                    # One name ends so without being a template: url.template.
                    (templates if constant.endswith("_TEMPLATE") and value != "url.template" else names).add(value)
    return names, templates


def main(wanted):
    names, templates = published()
    if len(names) < 500:
        sys.exit(f"only {len(names)} names are published: this is not the package")
    unknown = [n for n in wanted if n not in names and not any(n.startswith(t + ".") for t in templates)]
    print("\n".join(unknown))
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

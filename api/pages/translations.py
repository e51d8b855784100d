"""Updates the Indonesian catalogue from the strings of the pages: `python -m api.pages.translations`.

A new string is added with an empty translation, and a translator fills in the translation. A string that is no longer
in the pages is removed.
"""

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from api.pages.language import CATALOGUE
from domain.refusal_tree import all_refusals

HERE = CATALOGUE.parents[3]
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "NN_": (1, 2)}


def extracted() -> Catalog:
    """Returns every source string: the strings of the pages, and the titles and advice of the domain's refusals."""
    catalogue = Catalog(charset="utf-8")
    for file, line, message, comments, context in extract_from_dir(HERE, METHODS, keywords=KEYWORDS):
        catalogue.add(message, locations=[(f"api/pages/{file}", line)], auto_comments=comments, context=context)
    for refusal in all_refusals():
        for text in (refusal.title, refusal.advice):
            catalogue.add(text, locations=[("domain/refusals.py", 0)])
    return catalogue


def translated() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="id")


def update() -> None:
    catalogue = translated()
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=118, include_lineno=False, sort_output=True)


if __name__ == "__main__":
    update()

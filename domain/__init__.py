"""What Holdfast knows: vector search in its own words, with no framework and no driver.

Everything here needs the standard library alone. A program that wants to search without HTTP
builds the use cases (`Collections`, `Points`, `Search`, `Health`) on any `VectorStore` and `Cache`.
"""

__version__ = "0.1.0"

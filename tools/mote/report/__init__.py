"""What there is to say about a compiled model: gather.py collects it into one
JSON object, and page.py writes that object, and nothing else, as a page."""

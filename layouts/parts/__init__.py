"""Views shared by pages: pure functions from twin answers to components or figure dicts."""

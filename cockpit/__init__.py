"""The web program: Dash on FastAPI, live events, the HTTP interface."""
